import { gzipSync } from 'node:zlib';
import type { RefusedItem } from '../../dynamodb/put-items.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { sha256Hex } from '../../staging/data-object.ts';
import type { ExportLayout } from '../../staging/layout.ts';

/**
 * Sets refused items aside in the target's staging, with DynamoDB's reason: `{"Item":{…},"code":"…","reason":"…"}` a line. The items passed the policy, so they
 * may lie there. The name is made of the content: written twice after a crash, it is one object. Resolves when it is durable.
 */
export async function writeLoadDeadLetters(
  bucket: S3Bucket,
  layout: ExportLayout,
  seq: number,
  refused: readonly RefusedItem[],
  signal: AbortSignal,
): Promise<void> {
  const lines = refused.map(({ item, code, reason }) => {
    const json = item.bytes.toString('utf8', item.start, item.end);
    return `{"Item":${json},"code":${JSON.stringify(code)},"reason":${JSON.stringify(reason)}}\n`;
  });
  const body = gzipSync(lines.sort().join(''));
  const key = layout.deadLetters('load', seq, sha256Hex(body));
  await bucket.put(key, body, { contentType: 'application/json', signal });
}
