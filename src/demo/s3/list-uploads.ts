import { etagOf } from './object.ts';
import { encoder } from './list-objects.ts';
import { isoTime, numberOf, xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import { compareUtf8 } from './sorted-keys.ts';
import type { Store } from './store.ts';
import { uploadOf } from './upload-operations.ts';
import type { Upload } from './upload.ts';
import { xmlDocument } from './xml.ts';

const PAGE_LENGTH_MAX = 1000;

/** ListParts, by part number. */
export function listParts(store: Store, request: S3Request): S3Answer {
  const upload = uploadOf(store, request);
  const marker = numberOf(request, 'part-number-marker', 0);
  const max = Math.min(numberOf(request, 'max-parts', PAGE_LENGTH_MAX), PAGE_LENGTH_MAX);
  const rest = [...upload.parts.values()].filter((part) => part.number > marker).sort((a, b) => a.number - b.number);
  const page = rest.slice(0, max);
  return xmlAnswer(
    xmlDocument('ListPartsResult', {
      Bucket: request.bucket,
      Key: upload.key,
      UploadId: upload.id,
      PartNumberMarker: marker,
      NextPartNumberMarker: page.at(-1)?.number ?? marker,
      MaxParts: max,
      IsTruncated: rest.length > page.length,
      Part: page.map((part) => ({
        PartNumber: part.number,
        LastModified: isoTime(part.lastModifiedMs),
        ETag: etagOf(part.md5),
        Size: part.bytes.length,
        [`Checksum${part.checksum?.algorithm.toUpperCase()}`]: part.checksum?.base64,
      })),
    }),
  );
}

/** ListMultipartUploads, by key and then by age. */
export function listUploads(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  const { query } = request;
  const encode = encoder(request);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const max = Math.min(numberOf(request, 'max-uploads', PAGE_LENGTH_MAX), PAGE_LENGTH_MAX);
  const rest = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && isBehind(upload, keyMarker, idMarker))
    .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id));
  const page = rest.slice(0, max);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return xmlAnswer(
    xmlDocument('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      Prefix: encode(prefix),
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: last === undefined ? undefined : encode(last.key),
      NextUploadIdMarker: last?.id,
      EncodingType: query.get('encoding-type'),
      MaxUploads: max,
      IsTruncated: last !== undefined,
      Upload: page.map(({ key, id, initiatedMs }) => ({
        Key: encode(key),
        UploadId: id,
        Initiated: isoTime(initiatedMs),
        StorageClass: 'STANDARD',
      })),
    }),
  );
}

/** Ids grow with age, so that their order is that of the uploads of one key. Without an id, all of the marker's key are past. */
function isBehind(upload: Upload, keyMarker: string, idMarker: string): boolean {
  if (keyMarker === '') return true;
  const order = compareUtf8(upload.key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && upload.id > idMarker);
}
