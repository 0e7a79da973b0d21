import type { CannedBucket } from './canned-bucket.ts';

/** One time for all: nothing here compares times. */
export const LAST_MODIFIED_MS = Date.UTC(2026, 0, 1);
const LAST_MODIFIED = new Date(LAST_MODIFIED_MS).toISOString();
const KEYS_MAX = 1000;

/** ListObjectsV2, and ListObjects, which some versions of rclone ask for. Keys have no characters that would need encoding. */
export function listCanned(bucket: CannedBucket, query: URLSearchParams): string {
  const isV2 = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const after = (isV2 ? (query.get('continuation-token') ?? query.get('start-after')) : query.get('marker')) ?? '';
  const keysMax = Math.min(Number(query.get('max-keys') ?? KEYS_MAX), KEYS_MAX);
  const keys = bucket.keys();
  const contents: string[] = [];
  const prefixes: string[] = [];
  let last = '';
  let at = firstBehind(keys, after);
  while (at < keys.length && keys[at] < prefix) at++;
  for (; at < keys.length && keys[at].startsWith(prefix); at++) {
    const key = keys[at];
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && (common === prefixes.at(-1) || common === after)) continue;
    if (contents.length + prefixes.length === keysMax) return page(true);
    if (common === undefined) contents.push(entry(bucket, key));
    else prefixes.push(common);
    last = common ?? key;
  }
  return page(false);

  function page(isTruncated: boolean): string {
    const next = isTruncated ? (isV2 ? tag('NextContinuationToken', last) : tag('NextMarker', last)) : '';
    const common = prefixes.map((text) => `<CommonPrefixes>${tag('Prefix', text)}</CommonPrefixes>`);
    return document(
      'ListBucketResult',
      `${tag('Name', 'bucket')}${tag('Prefix', prefix)}${tag('MaxKeys', String(keysMax))}${tag('KeyCount', String(contents.length + prefixes.length))}${tag('IsTruncated', String(isTruncated))}${next}${contents.join('')}${common.join('')}`,
    );
  }
}

function entry(bucket: CannedBucket, key: string): string {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new Error(`${key} is listed and not there`);
  const etag = tag('ETag', object.etag.replaceAll('"', '&quot;'));
  return `<Contents>${tag('Key', key)}${tag('LastModified', LAST_MODIFIED)}${etag}${tag('Size', String(object.content.sizeBytes))}<StorageClass>STANDARD</StorageClass></Contents>`;
}

/** The index of the first key that sorts behind `after`. */
function firstBehind(keys: readonly string[], after: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle] <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function tag(name: string, text: string): string {
  return `<${name}>${text}</${name}>`;
}

export function document(name: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${name}>`;
}
