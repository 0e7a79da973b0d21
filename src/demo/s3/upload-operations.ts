import { checksumHeader, verifyDigests } from './digests.ts';
import { S3Error } from './errors.ts';
import { objectHeaders } from './object-headers.ts';
import { checkKey, copySource } from './object-operations.ts';
import { etagOf, md5Of, slice, type Checksum } from './object.ts';
import { parseRange } from './range.ts';
import { headerOf, isoTime, numberOf, xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import type { Store } from './store.ts';
import type { Upload } from './upload.ts';
import { xmlDocument } from './xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const PART_NUMBER_MAX = 10_000;

export function createUpload(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  checkKey(request.key);
  const upload: Upload = {
    id: store.nextId(),
    key: request.key,
    initiatedMs: store.now(),
    headers: objectHeaders(request),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  return xmlAnswer(
    xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: upload.key, UploadId: upload.id }),
  );
}

/** The upload that the request names. Throws NoSuchUpload. */
export function uploadOf(store: Store, request: S3Request): Upload {
  const upload = store.bucket(request.bucket).uploads.get(request.query.get('uploadId') ?? '');
  if (upload === undefined || upload.key !== request.key)
    throw new S3Error(
      'NoSuchUpload',
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      { UploadId: request.query.get('uploadId') ?? '' },
    );
  return upload;
}

/** A part of the same number is replaced. */
export function uploadPart(store: Store, request: S3Request): S3Answer {
  const upload = uploadOf(store, request);
  const checksum = verifyDigests(request);
  const etag = putPart(store, request, upload, request.body, request.md5, checksum);
  return { status: 200, headers: { etag, ...checksumHeader(checksum) } };
}

export function uploadPartCopy(store: Store, request: S3Request): S3Answer {
  const upload = uploadOf(store, request);
  const { object } = copySource(store, request);
  const range = parseRange(headerOf(request, 'x-amz-copy-source-range'), object.sizeBytes);
  const pieces = range === undefined ? object.pieces : slice(object.pieces, range.start, range.end);
  const etag = putPart(store, request, upload, Buffer.concat(pieces), md5Of(pieces), undefined);
  return xmlAnswer(xmlDocument('CopyPartResult', { LastModified: isoTime(store.now()), ETag: etag }));
}

function putPart(
  store: Store,
  request: S3Request,
  upload: Upload,
  bytes: Buffer,
  md5: Buffer,
  checksum: Checksum | undefined,
): string {
  const number = numberOf(request, 'partNumber', 0);
  if (number < 1 || number > PART_NUMBER_MAX)
    throw new S3Error('InvalidArgument', `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`, {
      ArgumentName: 'partNumber',
      ArgumentValue: String(number),
    });
  upload.parts.set(number, { number, bytes, md5, checksum, lastModifiedMs: store.now() });
  return etagOf(md5);
}

export function abortUpload(store: Store, request: S3Request): S3Answer {
  const upload = uploadOf(store, request);
  store.bucket(request.bucket).uploads.delete(upload.id);
  return { status: 204 };
}
