import type { ObjectDetails, ObjectInfo } from '../../s3/object-info.ts';
import type { ObjectSettings } from './copy-options.ts';
import { isSameEtag } from './etag.ts';

/** What of an object's headers is its own and not the request's (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html). */
const carried = [
  'content-type',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'expires',
  'x-amz-website-redirect-location',
  'x-amz-storage-class',
];

/** S3's own default, where an object was written without a type. */
const TYPE_DEFAULT = 'binary/octet-stream';

/** Where a copy of ours records of which version it is, in case the ETags of both sides cannot be compared. */
export const SOURCE_ETAG = 'dynaferry-source-etag';
export const PART_SIZE = 'dynaferry-part-size';

/** Whether what the target has is a copy of this version of the source: by its ETag, or else by the record. */
export function isVersion(
  there: ObjectInfo | undefined,
  version: { etag: string; sizeBytes: number },
  etag = version.etag,
): boolean {
  if (there?.sizeBytes !== version.sizeBytes) return false;
  return isSameEtag(there.etag, etag) || isSameEtag(there.metadata[SOURCE_ETAG] ?? '', version.etag);
}

/** User metadata has 2 KB at the most (names and values): an object that has so much already goes without a record. */
const METADATA_BYTES_MAX = 2048;

/** What a copy of an object is written with; tags are not among it. */
export function objectHeaders(
  details: Pick<ObjectDetails, 'headers'>,
  settings: ObjectSettings,
  record?: { sourceEtag: string; partSizeBytes?: number },
): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': TYPE_DEFAULT };
  for (const name of carried) {
    const value = details.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  const encoding = contentEncoding(details.headers['content-encoding']);
  if (encoding === '') delete headers['content-encoding'];
  else headers['content-encoding'] = encoding;
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(details.headers))
    if (name.startsWith('x-amz-meta-') && value !== undefined) metadata[name.slice(11)] = value;
  // Another copy's record says nothing of this one.
  delete metadata[SOURCE_ETAG];
  delete metadata[PART_SIZE];
  Object.assign(metadata, settings.metadata);
  const own = recordOf(record);
  if (bytesOf(metadata) + bytesOf(own) <= METADATA_BYTES_MAX) Object.assign(metadata, own);
  for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name.toLowerCase()}`] = value;
  return { ...headers, ...setHeaders(settings) };
}

/**
 * `aws-chunked` tells how a body was sent. Some services keep it as if it were the object's (https://github.com/versity/versitygw/issues/2398), and AWS refuses it with a body that is sent
 * otherwise.
 */
function contentEncoding(value = ''): string {
  if (!value.includes('aws-chunked')) return value;
  const names = value.split(',').map((name) => name.trim());
  return names.filter((name) => name !== 'aws-chunked' && name !== '').join(',');
}

function recordOf(record: { sourceEtag: string; partSizeBytes?: number } | undefined): Record<string, string> {
  if (record === undefined) return {};
  const etag = record.sourceEtag.replaceAll('"', '');
  return {
    [SOURCE_ETAG]: etag,
    ...(record.partSizeBytes !== undefined && { [PART_SIZE]: String(record.partSizeBytes) }),
  };
}

function setHeaders(settings: ObjectSettings): Record<string, string> {
  const headers: Record<string, string | undefined> = {
    'content-type': settings.contentType,
    'cache-control': settings.cacheControl,
    'content-disposition': settings.contentDisposition,
    'content-encoding': settings.contentEncoding,
    'content-language': settings.contentLanguage,
    'x-amz-storage-class': settings.storageClass,
    'x-amz-acl': settings.acl,
    'x-amz-server-side-encryption': settings.encryption?.kind,
    'x-amz-server-side-encryption-aws-kms-key-id':
      settings.encryption?.kind === 'aws:kms' ? settings.encryption.keyId : undefined,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function bytesOf(metadata: Record<string, string>): number {
  return Object.entries(metadata).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
