import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  ScanCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
  type AttributeValue,
  type DynamoDBClientConfig,
} from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileTable } from '../../src/demo/generate/table.ts';
import { startTwoSites, type DemoSite, type TwoSites } from '../../src/demo/two-sites.ts';

const TableName = 'user-us';
const wait = { minDelay: 0.02, maxDelay: 0.05, maxWaitTime: 10 };
let sites: TwoSites;
const clients: { destroy(): void }[] = [];

function dynamodb(site: DemoSite, config: DynamoDBClientConfig = {}): DynamoDBClient {
  const { region, credentials, dynamodb: endpoint } = site;
  const client = new DynamoDBClient({ region, credentials, endpoint, maxAttempts: 1, ...config });
  clients.push(client);
  return client;
}

function s3(site: DemoSite, config: object = {}): S3Client {
  const { region, credentials, s3: endpoint } = site;
  const client = new S3Client({ region, credentials, endpoint, forcePathStyle: true, maxAttempts: 1, ...config });
  clients.push(client);
  return client;
}

async function refusal(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => 'not refused',
    (error: Error) => error.name,
  );
}

beforeAll(async () => {
  sites = await startTwoSites();
  await dynamodb(sites.source).send(
    new CreateTableCommand({ ...profileTable(TableName), Tags: [{ Key: 'a', Value: '1' }] }),
  );
  await waitUntilTableExists({ client: dynamodb(sites.source), ...wait }, { TableName });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await sites.close();
});

describe('two sites', () => {
  it('listen on loopback only, each in its own partition', async () => {
    const { source, target } = sites;
    for (const url of [source.dynamodb, source.s3, target.dynamodb, target.s3])
      expect(new URL(url).hostname).toBe('127.0.0.1');
    expect([source.region, target.region]).toEqual(['us-west-2', 'cn-north-1']);
    const { Table } = await dynamodb(source).send(new DescribeTableCommand({ TableName }));
    expect(Table?.TableArn).toBe('arn:aws:dynamodb:us-west-2:000000000000:table/user-us');
    const created = await dynamodb(target).send(new CreateTableCommand(profileTable('cn-table') as never));
    expect(created.TableDescription?.TableArn).toBe('arn:aws-cn:dynamodb:cn-north-1:000000000000:table/cn-table');
  });

  it('do not know the credentials of each other', async () => {
    const { source, target } = sites;
    const { credentials } = source;
    expect(await refusal(dynamodb(target, { credentials }).send(new DescribeTableCommand({ TableName })))).toBe(
      'UnrecognizedClientException',
    );
    expect(await refusal(s3(target, { credentials }).send(new ListBucketsCommand({})))).toBe('InvalidAccessKeyId');
    const { Buckets } = await s3(target).send(new ListBucketsCommand({}));
    expect(Buckets?.map((bucket) => bucket.Name)).toEqual([target.bucket]);
  });

  it('refuse a wrong secret, a wrong region and a wrong clock', async () => {
    const refused = (config: DynamoDBClientConfig) =>
      refusal(dynamodb(sites.source, config).send(new DescribeTableCommand({ TableName })));
    const { accessKeyId } = sites.source.credentials;
    expect(await refused({ credentials: { accessKeyId, secretAccessKey: 'wrong' } })).toBe('InvalidSignatureException');
    expect(await refused({ region: 'us-east-1' })).toBe('InvalidSignatureException');
    expect(await refused({ systemClockOffset: 16 * 60_000 })).toBe('InvalidSignatureException');
    expect(await refused({})).toBe('not refused');
  });

  it('close when the signal says so', async () => {
    const stop = new AbortController();
    const other = await startTwoSites({ signal: stop.signal });
    stop.abort();
    await other.close();
    await expect(fetch(other.source.s3)).rejects.toThrow('fetch failed');
  });
});

describe('an embedded DynamoDB endpoint', () => {
  it('stores and scans items, with a checksum on answers', async () => {
    const client = dynamodb(sites.source);
    const items = Array.from({ length: 20 }, (_, i): Record<string, AttributeValue> => ({
      PK: { S: `k${i}` },
      n: { N: `${i}.5` },
    }));
    await client.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } }),
    );
    let checked = 0;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers, body } = result.response as { headers: Record<string, string>; body: Readable };
        const bytes = await buffer(body);
        expect(Number(headers['x-amz-crc32'])).toBe(crc32(bytes));
        checked++;
        return { ...result, response: { ...(result.response as object), body: bytes } };
      },
      { step: 'deserialize', priority: 'low' },
    );
    const found: unknown[] = [];
    for (const Segment of [0, 1]) {
      const page = await client.send(new ScanCommand({ TableName, TotalSegments: 2, Segment }));
      found.push(...(page.Items ?? []));
    }
    expect(found).toHaveLength(20);
    expect(found).toEqual(expect.arrayContaining(items));
    expect(checked).toBe(2);
  });

  it('describes time to live, tags and backups, which dynalite does not', async () => {
    const client = dynamodb(sites.source);
    const ttl = async () => (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
    const set = (Enabled: boolean) =>
      client.send(
        new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: 'expires', Enabled } }),
      );
    expect(await ttl()).toEqual({ TimeToLiveStatus: 'DISABLED' });
    await set(true);
    expect(await ttl()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
    expect(await refusal(set(true))).toBe('ValidationException');
    await set(false);
    expect(await ttl()).toEqual({ TimeToLiveStatus: 'DISABLED' });

    const ResourceArn = (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableArn;
    await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'b', Value: '2' }] }));
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['a'] }));
    expect((await client.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags).toEqual([
      { Key: 'b', Value: '2' },
    ]);

    const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
    expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
      'DISABLED',
    );
    expect(await refusal(client.send(new DescribeTimeToLiveCommand({ TableName: 'none' })))).toBe(
      'ResourceNotFoundException',
    );
  });

  it('forgets the tags of a table that is deleted, and keeps those of one that is created', async () => {
    const client = dynamodb(sites.source);
    const table = profileTable('passing');
    const tags = async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: 'passing' }));
      return (await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }))).Tags;
    };
    await client.send(new CreateTableCommand({ ...table, Tags: [{ Key: 'a', Value: '1' }] }));
    await waitUntilTableExists({ client, ...wait }, { TableName: 'passing' });
    expect(await tags()).toEqual([{ Key: 'a', Value: '1' }]);
    await client.send(new DeleteTableCommand({ TableName: 'passing' }));
    await waitUntilTableNotExists({ client, ...wait }, { TableName: 'passing' });
    await client.send(new CreateTableCommand(table as never));
    expect(await tags()).toEqual([]);
  });

  it('outlives a client that goes away in the middle of a request', async () => {
    const socket = connect(Number(new URL(sites.source.dynamodb).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(
      'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\nContent-Length: 1000\r\n\r\n{"',
    );
    await setImmediate();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).destroy());
    expect(await refusal(dynamodb(sites.source).send(new DescribeTableCommand({ TableName })))).toBe('not refused');
  });
});
