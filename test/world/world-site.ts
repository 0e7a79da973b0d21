import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { removeBucket } from './bucket.ts';
import { siteIdentities } from './site.ts';
import type { AccessKey, SiteEndpoints, SiteName } from './site.ts';

/** A table's definition without its name; only a partition key `PK` of type S where nothing is said. */
export type TableDefinition = Partial<Omit<CreateTableCommandInput, 'TableName'>>;

/** Idle connections are kept for so long. */
const IDLE_MS_MAX = 10_000;

const defaultDefinition: TableDefinition = {
  AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
};

/** One side of the test world: plain SDK clients with that side's key, and tables and buckets that go away with the test file. */
export class WorldSite {
  readonly name: SiteName;
  readonly region: string;
  readonly credentials: AccessKey;
  readonly endpoints: SiteEndpoints;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly #tables = new Set<string>();
  readonly #buckets = new Set<string>();

  constructor(name: SiteName, endpoints: SiteEndpoints) {
    this.name = name;
    this.endpoints = endpoints;
    ({ region: this.region, credentials: this.credentials } = siteIdentities[name]);
    this.dynamodb = newDynamoDbClient(name, endpoints.dynamodb);
    this.s3 = newS3Client(name, endpoints.s3);
  }

  /** A table name that no other test uses. The table, whoever makes it, is deleted after the test file. */
  newTableName(): string {
    const name = `t-${randomUUID().slice(0, 18)}`;
    this.#tables.add(name);
    return name;
  }

  /** Makes an empty table under a new name and returns the name. */
  async createTable(definition: TableDefinition = {}): Promise<string> {
    const TableName = this.newTableName();
    await this.dynamodb.send(new CreateTableCommand({ ...defaultDefinition, ...definition, TableName }));
    await waitUntilTableExists({ client: this.dynamodb, maxWaitTime: 60 }, { TableName });
    return TableName;
  }

  /** Makes an empty bucket under a new name and returns the name. */
  async createBucket(): Promise<string> {
    const Bucket = `b-${randomUUID().slice(0, 18)}`;
    await this.s3.send(new CreateBucketCommand({ Bucket }));
    this.#buckets.add(Bucket);
    return Bucket;
  }

  /** Deletes this file's tables and buckets and closes the clients. */
  async close(): Promise<void> {
    await Promise.all([
      ...[...this.#tables].map((table) => this.#removeTable(table)),
      ...[...this.#buckets].map((bucket) => removeBucket(this.s3, bucket)),
    ]);
    this.dynamodb.destroy();
    this.s3.destroy();
  }

  async #removeTable(TableName: string): Promise<void> {
    try {
      await this.dynamodb.send(new DeleteTableCommand({ TableName }));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    }
  }
}

/** Connections are closed before the service does that, which would break off a request that is on its way: DynamoDB Local closes what is idle for half a minute. */
function handler(): { requestHandler: { httpAgent: Agent } } {
  return { requestHandler: { httpAgent: new Agent({ keepAlive: true, timeout: IDLE_MS_MAX }) } };
}

/** A plain SDK client with a site's key; give it another endpoint to go through a proxy, or to the other site. */
export function newDynamoDbClient(site: SiteName, endpoint: string): DynamoDBClient {
  const { region, credentials } = siteIdentities[site];
  return new DynamoDBClient({ region, credentials, endpoint, maxAttempts: 1, ...handler() });
}

/** A plain SDK client with a site's key. radosgw takes no aws-chunked bodies, hence no default checksums. */
export function newS3Client(site: SiteName, endpoint: string): S3Client {
  return new S3Client({
    // A client of another region would send it along as the new bucket's location, of which radosgw knows none.
    region: 'us-east-1',
    credentials: siteIdentities[site].credentials,
    endpoint,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    ...handler(),
  });
}
