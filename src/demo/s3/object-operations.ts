import { checksumHeader, verifyDigests } from './digests.ts';
import { S3Error } from './errors.ts';
import { objectHeaders } from './object-headers.ts';
import { etagOf, md5Of, slice, type StoredObject } from './object.ts';
import { checkCopyConditions, checkWriteConditions, isNotModified } from './preconditions.ts';
import { parseRange } from './range.ts';
import { decode, headerOf, isoTime, xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import type { Store } from './store.ts';
import { xmlDocument } from './xml.ts';

/** Bytes of a key in UTF-8 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html). */
const KEY_BYTES_MAX = 1024;

/** Throws KeyTooLongError. */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size > KEY_BYTES_MAX)
    throw new S3Error('KeyTooLongError', 'Your key is too long', {
      Size: String(size),
      MaxSizeAllowed: String(KEY_BYTES_MAX),
    });
}

export function putObject(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  checkKey(request.key);
  const checksum = verifyDigests(request);
  const headers = objectHeaders(request);
  checkWriteConditions(request, bucket.find(request.key));
  const etag = etagOf(request.md5);
  bucket.put(request.key, {
    pieces: [request.body],
    sizeBytes: request.body.length,
    etag,
    lastModifiedMs: store.now(),
    headers,
    checksum,
  });
  return { status: 200, headers: { etag, ...checksumHeader(checksum) } };
}

/** GetObject, and HeadObject, whose body is dropped on the way out. */
export function getObject(store: Store, request: S3Request): S3Answer {
  const object = store.bucket(request.bucket).get(request.key);
  const validators = { etag: object.etag, 'last-modified': new Date(object.lastModifiedMs).toUTCString() };
  if (isNotModified(request, object)) return { status: 304, headers: validators };
  const headers = { ...object.headers, ...validators, 'accept-ranges': 'bytes' };
  const range = parseRange(headerOf(request, 'range'), object.sizeBytes);
  if (range === undefined)
    return { status: 200, headers: { ...headers, ...wholeHeaders(request, object) }, body: object.pieces };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start),
      'content-range': `bytes ${range.start}-${range.end - 1}/${object.sizeBytes}`,
    },
    body: slice(object.pieces, range.start, range.end),
  };
}

/** The checksum is that of the whole object, so it comes with the whole object only. */
function wholeHeaders(request: S3Request, object: StoredObject): Record<string, string> {
  const asked = headerOf(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return { 'content-length': String(object.sizeBytes), ...(asked ? checksumHeader(object.checksum) : {}) };
}

/** Says 204 whether or not there was such an object. */
export function deleteObject(store: Store, request: S3Request): S3Answer {
  store.bucket(request.bucket).delete(request.key);
  return { status: 204 };
}

/** Within the endpoint only. The copy of an object of many parts is one of one part, with another ETag. */
export function copyObject(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  checkKey(request.key);
  const { object: source, isItself } = copySource(store, request);
  const replace = headerOf(request, 'x-amz-metadata-directive') === 'REPLACE';
  if (isItself && !replace)
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal: an object is copied to itself without changing it.',
    );
  checkWriteConditions(request, bucket.find(request.key));
  const etag = etagOf(md5Of(source.pieces));
  const lastModifiedMs = store.now();
  bucket.put(request.key, {
    ...source,
    etag,
    lastModifiedMs,
    headers: replace ? objectHeaders(request) : source.headers,
  });
  return xmlAnswer(xmlDocument('CopyObjectResult', { LastModified: isoTime(lastModifiedMs), ETag: etag }));
}

/** What x-amz-copy-source names. Throws as a GET of it would, and PreconditionFailed. */
export function copySource(store: Store, request: S3Request): { object: StoredObject; isItself: boolean } {
  const header = (headerOf(request, 'x-amz-copy-source') ?? '').replace(/^\//, '');
  if (header.includes('?')) throw new S3Error('NotImplemented', 'Object versions are not implemented here.');
  const path = decode(header);
  const slash = path.indexOf('/');
  if (slash <= 0)
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: bucket/key');
  const bucket = path.slice(0, slash);
  const key = path.slice(slash + 1);
  const object = store.bucket(bucket).get(key);
  checkCopyConditions(request, object);
  return { object, isItself: bucket === request.bucket && key === request.key };
}
