import { uriEncode } from '../aws/signer.ts';
import type { S3Bucket } from './bucket.ts';
import { child, children, text } from './xml.ts';

/** An object's tags as the header `x-amz-tagging` takes them; empty where it has none. */
export async function readTags(bucket: S3Bucket, key: string, signal?: AbortSignal): Promise<string> {
  const answer = await bucket.xml('GET', key, 'GetObjectTagging', 'Tagging', { query: { tagging: '' }, signal });
  const pairs = children(child(answer, 'TagSet'), 'Tag').map((tag): [string, string] => [
    text(tag, 'Key'),
    text(tag, 'Value'),
  ]);
  return tagHeader(pairs);
}

/** Tags as the header `x-amz-tagging` takes them. */
export function tagHeader(tags: readonly (readonly [name: string, value: string])[]): string {
  return tags.map(([name, value]) => `${uriEncode(name)}=${uriEncode(value)}`).join('&');
}
