import { startDynamoDbEndpoint } from './dynamodb-endpoint.ts';
import { startDynamoDbLocal } from './live/dynamodb-local.ts';
import type { EmbeddedEndpoint } from './loopback.ts';
import { startS3Endpoint } from './s3-endpoint.ts';
import type { AccessKey } from './sigv4.ts';

/** Where one of the two sites can be reached, and with what. */
export interface DemoSite {
  readonly region: string;
  readonly dynamodb: string;
  readonly s3: string;
  /** Known to this site's endpoints only. */
  readonly credentials: AccessKey;
  /** A bucket for staging, which is there from the start. */
  readonly bucket: string;
}

export interface TwoSites {
  readonly source: DemoSite;
  readonly target: DemoSite;
  /** Drops both sites with all that is in them. A second call does nothing. */
  close(): Promise<void>;
}

export interface TwoSitesOptions {
  /** Closes the sites when it is aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Whether tables have streams. Then DynamoDB is AWS's DynamoDB Local, in a process of its own, which takes any secret. */
  readonly streams?: boolean;
}

// Not secrets: they open nothing but endpoints on this machine's loopback that live as long as the process.
const source = {
  region: 'us-west-2',
  bucket: 'demo-export-us',
  credentials: { accessKeyId: 'AKIADEMOGLOBAL', secretAccessKey: 'demo-secret-of-the-global-account' },
};
const target = {
  region: 'cn-north-1',
  bucket: 'demo-import-cn',
  credentials: { accessKeyId: 'AKIADEMOCHINA', secretAccessKey: 'demo-secret-of-the-china-account' },
};

/**
 * Starts two sites as AWS keeps them apart: a global region and a China region, each with a DynamoDB and an S3 endpoint in this
 * process, and each with credentials that the other does not know. Throws LOCAL_JAVA where streams are wanted and cannot be had.
 */
export async function startTwoSites({
  signal,
  now = Date.now,
  streams = false,
}: TwoSitesOptions = {}): Promise<TwoSites> {
  signal?.throwIfAborted();
  const endpoints: EmbeddedEndpoint[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  };
  let local: EmbeddedEndpoint | undefined;
  const start = async (site: typeof source): Promise<DemoSite> => {
    const { region, bucket, credentials } = site;
    const dynamodb = local ?? (await startDynamoDbEndpoint({ region, accessKeys: [credentials], now }));
    endpoints.push(dynamodb);
    const s3 = await startS3Endpoint({ region, accessKeys: [credentials], buckets: [bucket], now });
    endpoints.push(s3);
    return { ...site, dynamodb: dynamodb.url, s3: s3.url };
  };
  try {
    if (streams) endpoints.push((local = await startDynamoDbLocal(signal)));
    const sites = { source: await start(source), target: await start(target), close };
    signal?.addEventListener('abort', () => void close(), { once: true });
    return sites;
  } catch (error) {
    await close();
    throw error;
  }
}
