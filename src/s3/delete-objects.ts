import { createHash } from 'node:crypto';
import type { S3Bucket } from './bucket.ts';
import { children, escapeXml, text } from './xml.ts';

/** The most keys that one request takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const DELETE_KEYS_MAX = 1000;

/** Deletes objects; resolves with those that the service kept, and its codes for why. A key that is not there counts as deleted. */
export async function deleteObjects(
  bucket: S3Bucket,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<{ key: string; code: string }[]> {
  const kept: { key: string; code: string }[] = [];
  // XML 1.0 has no way to write these characters.
  const plain = keys.filter((key) => !UNWRITABLE.test(key));
  for (let at = 0; at < plain.length; at += DELETE_KEYS_MAX) {
    const list = plain.slice(at, at + DELETE_KEYS_MAX).map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${list.join('')}</Delete>`);
    const answer = await bucket.xml('POST', '', 'DeleteObject', 'DeleteResult', {
      query: { delete: '' },
      headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
      body,
      signal,
    });
    for (const error of children(answer, 'Error')) kept.push({ key: text(error, 'Key'), code: text(error, 'Code') });
  }
  for (const key of keys) if (UNWRITABLE.test(key)) await bucket.delete(key, signal);
  return kept;
}

// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
