import { hash } from 'node:crypto';
import { S3Error } from './errors.ts';
import { etagOf, sizeOf } from './object.ts';
import { checkWriteConditions } from './preconditions.ts';
import { xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import type { Store } from './store.ts';
import { uploadOf } from './upload-operations.ts';
import type { Upload, UploadedPart } from './upload.ts';
import { children, text } from '../../s3/xml.ts';
import { requestDocument, xmlDocument } from './xml.ts';

/** Of every part but the last (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html). */
const PART_SIZE_BYTES_MIN = 5 * 1024 * 1024;

/**
 * Makes the object of the parts that the request lists; parts that it does not list are dropped. The parts are not copied.
 * Throws InvalidPart, InvalidPartOrder, EntityTooSmall, and leaves the upload as it is then.
 */
export function completeUpload(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  const upload = uploadOf(store, request);
  const parts = chooseParts(upload, request.body);
  checkWriteConditions(request, bucket.find(upload.key));
  const pieces = parts.map((part) => part.bytes);
  const md5OfMd5s = Buffer.from(hash('md5', Buffer.concat(parts.map((part) => part.md5))), 'hex');
  const etag = etagOf(md5OfMd5s, parts.length);
  bucket.put(upload.key, {
    pieces,
    sizeBytes: sizeOf(pieces),
    etag,
    lastModifiedMs: store.now(),
    headers: upload.headers,
    // S3 has checksums of many-part objects only where the upload was begun with an algorithm, which nothing here needs.
    checksum: undefined,
  });
  bucket.uploads.delete(upload.id);
  return xmlAnswer(
    xmlDocument('CompleteMultipartUploadResult', {
      Location: `/${bucket.name}/${upload.key}`,
      Bucket: bucket.name,
      Key: upload.key,
      ETag: etag,
    }),
  );
}

function chooseParts(upload: Upload, body: Buffer): UploadedPart[] {
  const listed = children(requestDocument(body, 'CompleteMultipartUpload'), 'Part');
  if (listed.length === 0) throw new S3Error('MalformedXML', 'The list of parts is empty.');
  let lastNumber = 0;
  const parts = listed.map((asked) => {
    const number = Number(text(asked, 'PartNumber'));
    if (!(number > lastNumber))
      throw new S3Error(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
      );
    lastNumber = number;
    const part = upload.parts.get(number);
    if (part === undefined || etagOf(part.md5) !== `"${text(asked, 'ETag').replaceAll('"', '')}"`)
      throw new S3Error(
        'InvalidPart',
        'One or more of the specified parts could not be found, or their entity tags do not match.',
        { UploadId: upload.id, PartNumber: String(number) },
      );
    return part;
  });
  for (const part of parts.slice(0, -1)) {
    if (part.bytes.length < PART_SIZE_BYTES_MIN)
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        ProposedSize: String(part.bytes.length),
        MinSizeAllowed: String(PART_SIZE_BYTES_MIN),
        PartNumber: String(part.number),
      });
  }
  return parts;
}
