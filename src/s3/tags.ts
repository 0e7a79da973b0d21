import { createHash } from 'node:crypto';
import { uriEncode } from '../aws/signer.ts';
import type { S3Bucket } from './bucket.ts';
import { child, children, escapeXml, text } from './xml.ts';

/** An object's tags as the header `x-amz-tagging` takes them; empty where it has none. */
export async function readTags(bucket: S3Bucket, key: string, signal?: AbortSignal): Promise<string> {
  const answer = await bucket.xml('GET', key, 'GetObjectTagging', 'Tagging', { query: { tagging: '' }, signal });
  const pairs = children(child(answer, 'TagSet'), 'Tag').map((tag): [string, string] => [
    text(tag, 'Key'),
    text(tag, 'Value'),
  ]);
  return tagHeader(pairs);
}

/** Gives an object these tags, as `readTags` gives them, in place of those that it has. */
export async function writeTags(bucket: S3Bucket, key: string, tags: string, signal?: AbortSignal): Promise<void> {
  const list = [...new URLSearchParams(tags)].map(
    ([name, value]) => `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
  );
  const body = Buffer.from(`<Tagging><TagSet>${list.join('')}</TagSet></Tagging>`);
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  await bucket.send('PUT', key, 'PutObjectTagging', { query: { tagging: '' }, headers, body, signal });
}

/** Tags as the header `x-amz-tagging` takes them. */
export function tagHeader(tags: readonly (readonly [name: string, value: string])[]): string {
  return tags.map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`).join('&');
}
