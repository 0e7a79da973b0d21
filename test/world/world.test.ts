import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { listObjects, readObject } from './bucket.ts';
import { readAllItems, writeItems } from './table.ts';
import { useWorld } from './use-world.ts';
import { newS3Client } from './world-site.ts';

const world = await useWorld('dynamodb', 's3');

describe('the two sites know nothing of each other', () => {
  test('a table of the source does not exist at the target', async () => {
    const table = await world.source.createTable();
    const put = new PutItemCommand({ TableName: table, Item: { PK: { S: 'a' } } });
    await world.source.dynamodb.send(put);
    await expect(world.target.dynamodb.send(put)).rejects.toThrow(/non-existent table/);
  });

  test.each([
    ['source', 'target'],
    ['target', 'source'],
  ] as const)("the %s's access key is refused by the %s's object store", async (own, other) => {
    const stranger = newS3Client(own, world[other].endpoints.s3);
    await expect(stranger.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    stranger.destroy();
  });
});

test('items written are read back, each under its key', async () => {
  const table = await world.source.createTable();
  const items = Array.from({ length: 260 }, (_, n) => ({ PK: { S: `k${n}` }, n: { N: String(n) } }));
  await writeItems(world.source.dynamodb, table, items);
  const all = await readAllItems(world.source.dynamodb, table);
  expect(all.size).toBe(260);
  expect(all.get('[["PK",{"S":"k7"}]]')).toBe('[["PK",{"S":"k7"}],["n",{"N":"7"}]]');
});

test('an object is listed and read back with its metadata', async () => {
  const bucket = await world.target.createBucket();
  const body = Buffer.from([0, 1, 2, 255]);
  await world.target.s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'a/b c', Body: body, Metadata: { made: 'here' } }),
  );
  expect(await listObjects(world.target.s3, bucket, 'a/')).toMatchObject([{ key: 'a/b c', sizeBytes: 4 }]);
  expect(await readObject(world.target.s3, bucket, 'a/b c')).toMatchObject({ body, metadata: { made: 'here' } });
});
