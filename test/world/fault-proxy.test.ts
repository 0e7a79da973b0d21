import { BatchWriteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { crc32 } from 'node:zlib';
import { readObject } from './bucket.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { FaultRule } from './fault.ts';
import { readAllItems, writeItems } from './table.ts';
import { useWorld } from './use-world.ts';
import { newDynamoDbClient, newS3Client } from './world-site.ts';

const world = await useWorld('dynamodb', 's3');
const { source } = world;

async function throughProxy(service: 'dynamodb' | 's3', rules: FaultRule[]) {
  const proxy = await FaultProxy.start({ upstream: source.endpoints[service], rules, seed: 7 });
  const dynamodb = newDynamoDbClient('source', proxy.endpoint);
  const s3 = newS3Client('source', proxy.endpoint);
  onTestFinished(async () => {
    dynamodb.destroy();
    s3.destroy();
    await proxy[Symbol.asyncDispose]();
  });
  return { proxy, dynamodb, s3 };
}

/** The raw answer of a Scan; DynamoDB Local does not verify signatures. */
function rawScan(endpoint: string, table: string): Promise<Response> {
  return fetch(endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': 'DynamoDB_20120810.Scan',
      'content-type': 'application/x-amz-json-1.0',
      authorization: `AWS4-HMAC-SHA256 Credential=${source.credentials.accessKeyId}/20260101/${source.region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify({ TableName: table }),
  });
}

async function tableWithOneItem(): Promise<string> {
  const table = await source.createTable();
  await writeItems(source.dynamodb, table, [{ PK: { S: 'a' }, text: { S: 'x'.repeat(1000) } }]);
  return table;
}

async function bucketWithOneObject(): Promise<string> {
  const bucket = await source.createBucket();
  await source.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: Buffer.alloc(100_000, 'z') }));
  return bucket;
}

describe('without a fault', () => {
  test('radosgw accepts what was signed for the proxy, keys with odd characters too', async () => {
    const { s3, proxy } = await throughProxy('s3', []);
    const bucket = await source.createBucket();
    const Key = 'a b/ü+%=&?.gz';
    const body = Buffer.alloc(3_000_000, 'q');
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: body, Metadata: { a: 'b' } }));
    const stored = await readObject(s3, bucket, Key);
    expect(stored.body.equals(body)).toBe(true);
    expect(stored.metadata).toEqual({ a: 'b' });
    expect(proxy.requests('PutObject')).toBe(1);
    expect(proxy.plan.injected()).toBe(0);
  });

  test('radosgw still refuses a wrong signature', async () => {
    const { proxy } = await throughProxy('s3', []);
    const stranger = newS3Client('target', proxy.endpoint);
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    stranger.destroy();
  });

  test('a DynamoDB answer and its checksum come through unchanged', async () => {
    const table = await tableWithOneItem();
    const { proxy } = await throughProxy('dynamodb', []);
    const response = await rawScan(proxy.endpoint, table);
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('x-amz-crc32')).toBe(String(crc32(body)));
  });
});

describe('faults of DynamoDB', () => {
  test.each([
    ['throttle', 'ProvisionedThroughputExceededException'],
    ['server-error', 'InternalServerError'],
  ] as const)('%s answers %s once, at the second request', async (kind, name) => {
    const table = await tableWithOneItem();
    const { proxy, dynamodb } = await throughProxy('dynamodb', [{ fault: { kind }, operations: ['GetItem'], at: [2] }]);
    const get = new GetItemCommand({ TableName: table, Key: { PK: { S: 'a' } } });
    await dynamodb.send(get);
    await expect(dynamodb.send(get)).rejects.toMatchObject({ name });
    await dynamodb.send(get);
    expect(proxy.plan.injected(kind)).toBe(1);
  });

  test('a partial batch: what is not reported as unprocessed is written, the rest is not', async () => {
    const table = await source.createTable();
    const { dynamodb } = await throughProxy('dynamodb', [{ fault: { kind: 'partial-batch' } }]);
    const requests = Array.from({ length: 25 }, (_, n) => ({ PutRequest: { Item: { PK: { S: `k${n}` } } } }));
    const answer = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    const held = (answer.UnprocessedItems?.[table] ?? []).map((request) => request.PutRequest?.Item?.PK.S);
    const written = await readAllItems(source.dynamodb, table);
    expect(held.length).toBeGreaterThan(0);
    expect(written.size).toBe(25 - held.length);
    for (const key of held) expect(written.has(`[["PK",{"S":"${key}"}]]`)).toBe(false);
  });

  test.each([
    ['reset-before', 0],
    ['reset-after', 1],
  ] as const)('%s: the client sees a broken connection, %i items are written', async (kind, items) => {
    const table = await source.createTable();
    const { dynamodb } = await throughProxy('dynamodb', [{ fault: { kind } }]);
    const put = new PutItemCommand({ TableName: table, Item: { PK: { S: 'a' } } });
    await expect(dynamodb.send(put)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await readAllItems(source.dynamodb, table)).size).toBe(items);
  });

  test('truncate: the body ends before its announced length', async () => {
    const table = await tableWithOneItem();
    const { proxy } = await throughProxy('dynamodb', [{ fault: { kind: 'truncate' } }]);
    const response = await rawScan(proxy.endpoint, table);
    await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  });

  test('stall: half of the body comes, then nothing, and the connection stays open', async () => {
    const table = await tableWithOneItem();
    const { proxy } = await throughProxy('dynamodb', [{ fault: { kind: 'stall' } }]);
    const response = await rawScan(proxy.endpoint, table);
    const announced = Number(response.headers.get('content-length'));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let received = 0;
    while (received < announced >> 1) received += (await reader.read()).value?.length ?? 0;
    expect(received).toBe(announced >> 1);
    const end = reader.read().then(
      () => 'ended',
      () => 'broken',
    );
    await proxy[Symbol.asyncDispose]();
    // It was the proxy's end that broke the connection, nothing before.
    expect(await end).toBe('broken');
  });

  test('corrupt: right length, and the checksum tells', async () => {
    const table = await tableWithOneItem();
    const { proxy } = await throughProxy('dynamodb', [{ fault: { kind: 'corrupt' } }]);
    const response = await rawScan(proxy.endpoint, table);
    const body = Buffer.from(await response.arrayBuffer());
    expect(String(body.length)).toBe(response.headers.get('content-length'));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-amz-crc32')).toMatch(/^\d+$/);
    expect(response.headers.get('x-amz-crc32')).not.toBe(String(crc32(body)));
  });

  test('the capacity meter counts what the answers report', async () => {
    const table = await source.createTable();
    const { proxy, dynamodb } = await throughProxy('dynamodb', []);
    const item = { PK: { S: 'a' }, text: { S: 'x'.repeat(3000) } };
    await dynamodb.send(new PutItemCommand({ TableName: table, Item: item, ReturnConsumedCapacity: 'TOTAL' }));
    await dynamodb.send(new ScanCommand({ TableName: table, ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' }));
    await dynamodb.send(new ScanCommand({ TableName: table }));
    expect(proxy.capacity.total).toBe(4);
    expect(proxy.capacity.largestIn(60_000)).toBe(4);
  });
});

describe('faults of S3', () => {
  test.each([
    ['throttle', 'SlowDown'],
    ['server-error', 'InternalError'],
  ] as const)('%s answers %s and stores nothing', async (kind, name) => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind }, operations: ['PutObject'] }]);
    const bucket = await source.createBucket();
    const put = new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' });
    await expect(s3.send(put)).rejects.toMatchObject({ name });
    await expect(readObject(source.s3, bucket, 'k')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('error-in-200: status 200 with an error document', async () => {
    const { proxy } = await throughProxy('s3', [
      { fault: { kind: 'error-in-200' }, operations: ['CompleteMultipartUpload'] },
    ]);
    const response = await fetch(`${proxy.endpoint}/bucket/key?uploadId=1`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<Code>InternalError</Code>');
  });

  test('reset-after: the object is there though the client saw a broken connection', async () => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind: 'reset-after' }, path: /\/k$|\/k\?/ }]);
    const bucket = await source.createBucket();
    const put = new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'kept' });
    await expect(s3.send(put)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await readObject(source.s3, bucket, 'k')).body.toString()).toBe('kept');
  });

  test('corrupt: the body differs from its ETag', async () => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind: 'corrupt' }, operations: ['GetObject'] }]);
    const bucket = await bucketWithOneObject();
    const damaged = await readObject(s3, bucket, 'k');
    const whole = await readObject(source.s3, bucket, 'k');
    expect(damaged.body.length).toBe(whole.body.length);
    expect(damaged.body.equals(whole.body)).toBe(false);
    expect(damaged.eTag).toBe(whole.eTag);
  });

  test('truncate: the read fails', async () => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind: 'truncate' }, operations: ['GetObject'] }]);
    const bucket = await bucketWithOneObject();
    await expect(readObject(s3, bucket, 'k')).rejects.toThrow();
  });
});

test('a GetObject asked for by the SDK is named GetObject', async () => {
  const { s3, proxy } = await throughProxy('s3', []);
  const bucket = await bucketWithOneObject();
  await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', Range: 'bytes=0-9' }));
  expect(proxy.requests('GetObject')).toBe(1);
});
