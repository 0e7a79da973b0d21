import type { CredentialProvider } from '../../src/aws/credentials.ts';
import { partitionOf } from '../../src/aws/partition.ts';
import type { Site } from '../../src/aws/site.ts';

/** A site whose services are all at one endpoint. */
export function siteAt(endpoint: string, more: Partial<Site> = {}): Site {
  const region = more.region ?? 'us-west-2';
  return {
    role: 'source',
    region,
    partitionId: partitionOf(region).id,
    dynamodbUrl: endpoint,
    streamsUrl: endpoint,
    s3Url: endpoint,
    s3PathStyle: true,
    credentials: (async () => ({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' })) satisfies CredentialProvider,
    ...more,
  };
}
