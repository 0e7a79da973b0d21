import { S3Error } from './errors.ts';
import { isoTime, numberOf, xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import { compareUtf8 } from './sorted-keys.ts';
import type { Bucket, Store } from './store.ts';
import { xmlDocument, type XmlElements } from './xml.ts';

const KEYS_MAX = 1000;
/** The largest character of UTF-8. */
const LAST = '\u{10FFFF}';

/** Where a page begins and what belongs into it. */
interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  /** The last key or common prefix of the page before, or start-after. */
  readonly after: string;
  /** Whether `after` is a common prefix, whose keys have all been told of. */
  readonly afterPrefix: boolean;
  readonly keysMax: number;
}

interface Page {
  readonly keys: string[];
  readonly commonPrefixes: string[];
  /** What the next page comes after, where there is one. */
  readonly next: { readonly after: string; readonly isPrefix: boolean } | undefined;
}

/** ListObjectsV2. Keys in the order of their UTF-8 bytes. */
export function listObjects(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  const listing = parseListing(request);
  const page = readPage(bucket, listing);
  const encode = encoder(request);
  const { query } = request;
  return xmlAnswer(
    xmlDocument('ListBucketResult', {
      Name: bucket.name,
      Prefix: encode(listing.prefix),
      Delimiter: query.has('delimiter') ? encode(listing.delimiter) : undefined,
      StartAfter: query.has('start-after') ? encode(query.get('start-after') ?? '') : undefined,
      EncodingType: query.get('encoding-type'),
      ContinuationToken: query.get('continuation-token'),
      NextContinuationToken: page.next === undefined ? undefined : encodeToken(page.next),
      KeyCount: page.keys.length + page.commonPrefixes.length,
      MaxKeys: listing.keysMax,
      IsTruncated: page.next !== undefined,
      Contents: page.keys.map((key) => contents(bucket, key, encode)),
      CommonPrefixes: page.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
    }),
  );
}

function contents(bucket: Bucket, key: string, encode: (text: string) => string): XmlElements {
  const object = bucket.get(key);
  return {
    Key: encode(key),
    LastModified: isoTime(object.lastModifiedMs),
    ETag: object.etag,
    Size: object.sizeBytes,
    StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

function parseListing(request: S3Request): Listing {
  const { query } = request;
  const token = query.get('continuation-token');
  // S3 passes over start-after once there is a token.
  const { after, isPrefix } =
    token === undefined ? { after: query.get('start-after') ?? '', isPrefix: false } : decodeToken(token);
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    after,
    afterPrefix: isPrefix,
    keysMax: Math.min(numberOf(request, 'max-keys', KEYS_MAX), KEYS_MAX),
  };
}

function readPage(bucket: Bucket, listing: Listing): Page {
  const { prefix, delimiter, keysMax } = listing;
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = { after: listing.after, isPrefix: listing.afterPrefix };
  let key = firstKey(bucket, listing);
  while (key !== undefined && key.startsWith(prefix)) {
    if (keys.length + commonPrefixes.length === keysMax)
      return { keys, commonPrefixes, next: keysMax === 0 ? undefined : last };
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      keys.push(key);
      last = { after: key, isPrefix: false };
      key = bucket.keys.atOrAfter(`${key}\0`);
    } else {
      const common = key.slice(0, end + delimiter.length);
      commonPrefixes.push(common);
      last = { after: common, isPrefix: true };
      key = firstBehind(bucket, common);
    }
  }
  return { keys, commonPrefixes, next: undefined };
}

function firstKey(bucket: Bucket, { prefix, after, afterPrefix }: Listing): string | undefined {
  if (afterPrefix) return firstBehind(bucket, after);
  return bucket.keys.atOrAfter(after !== '' && compareUtf8(after, prefix) >= 0 ? `${after}\0` : prefix);
}

/** The first key behind all those that begin with `prefix`. */
function firstBehind(bucket: Bucket, prefix: string): string | undefined {
  let key = bucket.keys.atOrAfter(prefix + LAST);
  while (key !== undefined && key.startsWith(prefix)) key = bucket.keys.atOrAfter(`${key}\0`);
  return key;
}

/** Opaque to the client: `k` or `p` for key or common prefix, then its text, in base64url. */
function encodeToken({ after, isPrefix }: NonNullable<Page['next']>): string {
  return Buffer.from(`${isPrefix ? 'p' : 'k'}${after}`).toString('base64url');
}

function decodeToken(token: string): NonNullable<Page['next']> {
  const text = Buffer.from(token, 'base64url').toString();
  if (!/^[kp]/.test(text))
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
      ArgumentName: 'continuation-token',
    });
  return { after: text.slice(1), isPrefix: text.startsWith('p') };
}

/** What encoding-type=url asks for: keys can hold characters that XML 1.0 cannot. */
export function encoder(request: S3Request): (text: string) => string {
  const type = request.query.get('encoding-type');
  if (type === undefined) return (text) => text;
  if (type !== 'url')
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
      ArgumentName: 'encoding-type',
    });
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
