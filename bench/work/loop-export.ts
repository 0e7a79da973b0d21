import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { accessKey, BUCKET, REGION, type Job } from '../messages.ts';
import { SEGMENTS, tableOf } from '../table.ts';
import type { Work } from './main.ts';

/**
 * The usual way to export with the SDK: a parallel scan through DynamoDBDocumentClient, items as JavaScript objects, filtered in
 * JavaScript, written as JSON lines through gzip, one object a segment. Lines are given to the compressor one by one, which is the simplest to write, or a page at
 * a time, which costs much less.
 */
export function exportWork(job: Job): Work {
  const { endpoints, items, filter, gzipLevel, writesPerItem } = job;
  const dynamodb = DynamoDBDocumentClient.from(
    new DynamoDBClient({ region: REGION, endpoint: endpoints.dynamodb, credentials: accessKey }),
  );
  const s3 = new S3Client({ region: REGION, endpoint: endpoints.s3, credentials: accessKey, forcePathStyle: true });

  async function exportSegment(segment: number): Promise<number> {
    const gzip = createGzip(gzipLevel === undefined ? {} : { level: gzipLevel });
    const chunks: Buffer[] = [];
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
    let read = 0;
    const scan = { TableName: tableOf(items), Segment: segment, TotalSegments: SEGMENTS };
    for await (const page of paginateScan({ client: dynamodb }, scan)) {
      const found = page.Items ?? [];
      read += found.length;
      const passed = filter ? found.filter((item) => item['country'] === 'China') : found;
      const lines = passed.map((item) => `${JSON.stringify(item)}\n`);
      for (const text of writesPerItem === true ? lines : [lines.join('')])
        if (!gzip.write(text)) await once(gzip, 'drain');
    }
    gzip.end();
    await once(gzip, 'end');
    const object = { Bucket: BUCKET, Key: `loop/${segment}.json.gz`, Body: Buffer.concat(chunks) };
    await s3.send(new PutObjectCommand(object));
    return read;
  }

  return async () => {
    const read = await Promise.all(Array.from({ length: SEGMENTS }, (_, segment) => exportSegment(segment)));
    return read.reduce((sum, count) => sum + count, 0);
  };
}
