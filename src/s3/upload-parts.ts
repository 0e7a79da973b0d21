import type { UploadedPart } from './object-info.ts';
import { children, text, type XmlElement } from './xml.ts';

/** The parts in an answer to ListParts. */
export function readParts(page: XmlElement): UploadedPart[] {
  return children(page, 'Part').map((part) => ({
    partNumber: Number(text(part, 'PartNumber')),
    etag: text(part, 'ETag'),
    sizeBytes: Number(text(part, 'Size')),
  }));
}

/** The parts of an object as CompleteMultipartUpload takes them. */
export function partList(parts: readonly { partNumber: number; etag: string }[]): Buffer {
  const list = parts
    .map((part) => `<Part><PartNumber>${part.partNumber}</PartNumber><ETag>${part.etag}</ETag></Part>`)
    .join('');
  return Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`,
  );
}
