import { S3Error } from './errors.ts';
import type { StoredObject } from './object.ts';
import type { S3Request } from './request.ts';

/** Headers of a PUT that belong to the object and come back with it. */
const kept = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
]);

/** Bytes of names and values together (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html). */
const USER_METADATA_BYTES_MAX = 2048;

/** Throws MetadataTooLarge, and NotImplemented for keys of the customer's own, without which data would lie here unencrypted. */
export function objectHeaders(request: S3Request): StoredObject['headers'] {
  const headers: Record<string, string> = {};
  let userMetadataBytes = 0;
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value !== 'string') continue;
    if (name.startsWith('x-amz-server-side-encryption-customer-'))
      throw new S3Error('NotImplemented', 'Encryption with keys of your own is not implemented here.', {
        Header: name,
      });
    if (name.startsWith('x-amz-meta-')) userMetadataBytes += name.length - 'x-amz-meta-'.length + value.length;
    else if (!kept.has(name)) continue;
    headers[name] = value;
  }
  if (userMetadataBytes > USER_METADATA_BYTES_MAX)
    throw new S3Error('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(userMetadataBytes),
      MaxSizeAllowed: String(USER_METADATA_BYTES_MAX),
    });
  headers['content-type'] ??= 'binary/octet-stream';
  return headers;
}
