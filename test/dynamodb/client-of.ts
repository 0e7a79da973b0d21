import { partitionOf } from '../../src/aws/partition.ts';
import { DynamoDbClient } from '../../src/dynamodb/client.ts';
import type { WorldSite } from '../world/world-site.ts';

/** The product's client for a site of the test world. */
export function clientOf({ name, region, credentials, endpoints }: WorldSite): DynamoDbClient {
  return new DynamoDbClient({
    role: name,
    region,
    partitionId: partitionOf(region).id,
    dynamodbUrl: endpoints.dynamodb,
    streamsUrl: endpoints.dynamodb,
    s3Url: endpoints.s3,
    s3PathStyle: true,
    credentials: async () => credentials,
  });
}
