import {
  CreateTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { afterEach, expect, inject, test, vi } from 'vitest';
import { StreamsClient } from '../../../src/dynamodb/streams.ts';
import { systemClock } from '../../../src/engine/pacer.ts';
import type { DynaferryError } from '../../../src/model/errors.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { siteAt } from '../../aws/site-at.ts';
import { startDynamoDbLocal, type DynamoDbLocal } from '../../world/dynamodb-local.ts';
import { newFolder } from '../../world/home.ts';
import { newDynamoDbClient } from '../../world/world-site.ts';
import { siteIdentities } from '../../world/site.ts';
import { captureOnce, readLog, type ChangeLine } from './run-capture.ts';

const TABLE = 'users';
const HOUR_MS = 3_600_000;
const policy = await policyOf({ filter: "country = 'China'" });

let service: DynamoDbLocal | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await service?.process.kill();
});

/** DynamoDB Local with what it held before, and this process, so many hours later. */
async function at(folder: string, hoursAhead: number): Promise<{ client: DynamoDBClient; stream: StreamsClient }> {
  await service?.process.kill();
  vi.useRealTimers();
  service = await startDynamoDbLocal(inject('runDirectory'), { folder, hoursAhead });
  const { region, credentials } = siteIdentities.source;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hoursAhead * HOUR_MS });
  return {
    client: newDynamoDbClient('source', service.endpoint),
    stream: new StreamsClient(siteAt(service.endpoint, { region, credentials: async () => credentials })),
  };
}

const put = (client: DynamoDBClient, key: string, version: string, ttlMs?: number) =>
  client.send(
    new PutItemCommand({
      TableName: TABLE,
      Item: {
        PK: { S: key },
        country: { S: 'China' },
        version: { S: version },
        ...(ttlMs !== undefined && { ttl: { N: String(Math.floor(ttlMs / 1000)) } }),
      },
    }),
  );

const brief = ({ Keys, NewImage }: ChangeLine): string =>
  `${(Keys['PK'] as { S: string }).S} ${NewImage === undefined ? 'deleted' : (NewImage['version'] as { S: string }).S}`;

test('a stream whose shards roll over is read on in order, TTL deletes are known, and trimmed records are a gap', async () => {
  const folder = newFolder();
  const state = newFolder();
  const bucket = new MemoryBucket();
  let { client, stream } = await at(folder, 0);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: TABLE,
      TimeToLiveSpecification: { Enabled: true, AttributeName: 'ttl' },
    }),
  );
  const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLE }));
  const streamArn = Table?.LatestStreamArn ?? '';
  let skipped = 0;
  const capture = async (): Promise<string[]> => {
    const layout = await captureOnce({
      bucket,
      folder: state,
      stream,
      policy,
      settings: { ttlDeletes: 'skip' },
      streamArn,
      clock: systemClock,
      untilMs: Date.now() - 2000,
    });
    const { commits, lines } = await readLog(bucket, layout);
    skipped = commits.reduce((sum, { counts }) => sum + counts.skipped, 0);
    return lines.map(brief);
  };
  await put(client, 'one', 'v1');
  await put(client, 'expiring', 'v1', Date.now() + HOUR_MS);
  expect(await capture()).toEqual(['one v1', 'expiring v1']);

  const shardsThen = (await stream.describe(streamArn)).shards.length;
  for (const [hours, version] of [
    [5, 'v2'],
    [9, 'v3'],
  ] as const) {
    ({ client, stream } = await at(folder, hours));
    await put(client, 'one', version);
    const shards = async (): Promise<number> => (await stream.describe(streamArn)).shards.length;
    await vi.waitFor(async () => expect(await shards()).toBeGreaterThan(shardsThen), { timeout: 60_000 });
    expect(await capture()).toContain(`one ${version}`);
  }
  expect(await capture()).toEqual(['one v1', 'expiring v1', 'one v2', 'one v3']);
  // TTL has deleted the item that expired.
  expect(skipped).toBe(1);

  await put(client, 'one', 'v4');
  ({ client, stream } = await at(folder, 9 + 31));
  await put(client, 'one', 'v5');
  expect(await capture().catch(({ code }: DynaferryError) => code)).toBe('STREAM_GAP');
});
