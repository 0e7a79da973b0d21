import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { accessKey, BUCKET, REGION, type Job } from '../messages.ts';
import { STAGED_PREFIX } from './staged.ts';
import type { Work } from './main.ts';

/** As many requests at once as dynaferry's load has. */
const CONCURRENCY = 24;
const BATCH_ITEMS = 25;

/**
 * The usual way to load with the SDK: line by line, JSON.parse, BatchWriteCommand with 25 items. It loads what the loop's own export wrote, which are plain
 * JavaScript values; or DynamoDB JSON, which it has to unmarshall first.
 */
export function loadWork(job: Job): Work {
  const { endpoints, items, dynamoDbJson = false } = job;
  const table = `loaded-${items}`;
  const dynamodb = DynamoDBDocumentClient.from(
    new DynamoDBClient({ region: REGION, endpoint: endpoints.dynamodb, credentials: accessKey }),
  );
  const s3 = new S3Client({ region: REGION, endpoint: endpoints.s3, credentials: accessKey, forcePathStyle: true });

  async function write(batch: Record<string, unknown>[]): Promise<void> {
    let requests = { [table]: batch.map((Item) => ({ PutRequest: { Item } })) };
    while (Object.keys(requests).length > 0) {
      const answer = await dynamodb.send(new BatchWriteCommand({ RequestItems: requests }));
      requests = (answer.UnprocessedItems ?? {}) as typeof requests;
    }
  }

  async function loadObject(key: string, underWay: Set<Promise<void>>): Promise<number> {
    const object = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    let batch: Record<string, unknown>[] = [];
    let loaded = 0;
    const send = async (): Promise<void> => {
      const writing = write(batch).finally(() => underWay.delete(writing));
      underWay.add(writing);
      batch = [];
      if (underWay.size >= CONCURRENCY) await Promise.race(underWay);
    };
    const decompressor = key.endsWith('.zst') ? createZstdDecompress() : createGunzip();
    for await (const line of createInterface({ input: (object.Body as Readable).pipe(decompressor) })) {
      batch.push(dynamoDbJson ? readNative(line) : (JSON.parse(line) as Record<string, unknown>));
      loaded++;
      if (batch.length === BATCH_ITEMS) await send();
    }
    if (batch.length > 0) await send();
    return loaded;
  }

  return async () => {
    const listed = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: dynamoDbJson ? STAGED_PREFIX : 'loop/' }),
    );
    const objects = (listed.Contents ?? []).filter(({ Key = '' }) => !dynamoDbJson || Key.includes('/data/'));
    const underWay = new Set<Promise<void>>();
    let loaded = 0;
    for (const { Key = '' } of objects) loaded += await loadObject(Key, underWay);
    await Promise.all(underWay);
    return loaded;
  };
}

/** One line `{"Item":…}` of an export in DynamoDB's format. */
function readNative(line: string): Record<string, unknown> {
  const { Item } = JSON.parse(line) as { Item: Parameters<typeof unmarshall>[0] };
  return unmarshall(Item);
}
