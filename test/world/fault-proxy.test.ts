import { BatchWriteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { listObjects, readObject } from './bucket.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { Fault, FaultRule } from './fault.ts';
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

  test('corrupt changes what a range brings, too', async () => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind: 'corrupt' }, operations: ['GetObject'] }]);
    const bucket = await bucketWithOneObject();
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', Range: 'bytes=500-999' }));
    const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    expect(body.length).toBe(500);
    expect(body.filter((byte) => byte !== 'z'.charCodeAt(0)).length).toBe(1);
    expect(answer.ContentRange).toBe('bytes 500-999/100000');
  });

  test('truncate: the read fails', async () => {
    const { s3 } = await throughProxy('s3', [{ fault: { kind: 'truncate' }, operations: ['GetObject'] }]);
    const bucket = await bucketWithOneObject();
    await expect(readObject(s3, bucket, 'k')).rejects.toThrow();
  });
});

describe('faults of objects as they pass', () => {
  const body = randomBytes(3_000_000);

  async function objectThrough(fault: Fault, operation: string) {
    const { s3, proxy } = await throughProxy('s3', [{ fault, operations: [operation] }]);
    const bucket = await source.createBucket();
    await source.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }));
    return { s3, proxy, bucket };
  }

  /** Reads until nothing comes for a while, or the end. */
  async function readSome(stream: Readable): Promise<{ received: Buffer; outcome: string }> {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = once(stream, 'end').then(
      () => 'ended',
      () => 'broken',
    );
    const outcome = await Promise.race([ended, sleep(1000, 'open')]);
    return { received: Buffer.concat(chunks), outcome };
  }

  async function getBody(s3: S3Client, bucket: string): Promise<Readable> {
    return (await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }))).Body as Readable;
  }

  test.each([
    ['truncate', 'broken'],
    ['stall', 'open'],
  ] as const)('%s: part of the body comes, and the connection is %s', async (kind, expected) => {
    const { s3, bucket } = await objectThrough({ kind }, 'GetObject');
    const { received, outcome } = await readSome(await getBody(s3, bucket));
    expect(outcome).toBe(expected);
    expect(received.length).toBeGreaterThan(0);
    expect(received.equals(body.subarray(0, received.length))).toBe(true);
    if (kind === 'stall') expect(received.length).toBe(body.length / 2);
  });

  test('truncate: the same seed cuts at the same place', async () => {
    const lengths = [];
    for (let run = 0; run < 2; run++) {
      const { s3, bucket } = await objectThrough({ kind: 'truncate' }, 'GetObject');
      lengths.push((await readSome(await getBody(s3, bucket))).received.length);
    }
    expect(lengths[1]).toBe(lengths[0]);
  });

  test('slow-body: it comes as slowly as it should', async () => {
    const { s3, bucket } = await objectThrough({ kind: 'slow-body', bytesPerSecond: 100_000 }, 'GetObject');
    const { received, outcome } = await readSome(await getBody(s3, bucket));
    expect(outcome).toBe('open');
    expect(received.length).toBeGreaterThan(30_000);
    expect(received.length).toBeLessThan(150_000);
  });

  test('stall-before: no answer comes, though the effect has happened', async () => {
    const { s3, bucket } = await objectThrough({ kind: 'stall-before' }, 'DeleteObject');
    const deleting = s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' })).catch(() => 'broken');
    expect(await Promise.race([deleting, sleep(1000, 'open')])).toBe('open');
    expect(await listObjects(source.s3, bucket)).toEqual([]);
  });

  test('corrupt-request: the service refuses a body that does not have its Content-MD5', async () => {
    const { s3, bucket } = await objectThrough({ kind: 'corrupt-request' }, 'PutObject');
    const ContentMD5 = createHash('md5').update(body).digest('base64');
    const put = new PutObjectCommand({ Bucket: bucket, Key: 'new', Body: body, ContentMD5 });
    await expect(s3.send(put)).rejects.toMatchObject({ name: expect.stringMatching(/BadDigest|SHA256Mismatch/) });
    await expect(readObject(source.s3, bucket, 'new')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('reset-during-upload: the client sees a broken connection, nothing is stored', async () => {
    const { s3, bucket } = await objectThrough({ kind: 'reset-during-upload' }, 'PutObject');
    const put = new PutObjectCommand({ Bucket: bucket, Key: 'new', Body: body });
    await expect(s3.send(put)).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    await expect(readObject(source.s3, bucket, 'new')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('a burst: the service throttles so many requests in a row', async () => {
    const { s3, proxy } = await throughProxy('s3', [
      { fault: { kind: 'throttle' }, operations: ['GetObject'], at: [2], burst: 3 },
    ]);
    const bucket = await bucketWithOneObject();
    const outcomes: string[] = [];
    for (let request = 0; request < 6; request++)
      outcomes.push(
        await readObject(s3, bucket, 'k').then(
          () => 'ok',
          (error: Error) => error.name,
        ),
      );
    expect(outcomes).toEqual(['ok', 'SlowDown', 'SlowDown', 'SlowDown', 'ok', 'ok']);
    expect(proxy.plan.injected('throttle')).toBe(3);
  });

  test('large ones pass without being held', async () => {
    const { s3, proxy } = await throughProxy('s3', []);
    const bucket = await source.createBucket();
    const large = Buffer.alloc(64 * 1024 * 1024, body);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'large', Body: large }));
    const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'large' }));
    const before = process.memoryUsage().arrayBuffers;
    // Nobody reads, so only what waits in sockets and in the proxy is in this process.
    await sleep(500);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
    const received = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    expect(received.equals(large)).toBe(true);
    expect(proxy.requests()).toBe(2);
  });
});

test('a GetObject asked for by the SDK is named GetObject', async () => {
  const { s3, proxy } = await throughProxy('s3', []);
  const bucket = await bucketWithOneObject();
  await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', Range: 'bytes=0-9' }));
  expect(proxy.requests('GetObject')).toBe(1);
});
