import { createHash } from 'node:crypto';

/** An object's bytes as they came in: one piece, or one a part. Never changed once stored. */
export type Pieces = readonly Buffer[];

/** What a PUT or a completed upload leaves behind. */
export interface StoredObject {
  readonly pieces: Pieces;
  readonly sizeBytes: number;
  /** With its quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** Content type and the like and user metadata, by lower-case header name, given back as they came. */
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum header that was verified when the object was put, if one was sent. */
  readonly checksum: Checksum | undefined;
}

/** One `x-amz-checksum-*` header. */
export interface Checksum {
  readonly algorithm: 'crc32' | 'sha1' | 'sha256';
  readonly base64: string;
}

export function sizeOf(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** The bytes [start, end), without copying. */
export function slice(pieces: Pieces, start: number, end: number): Pieces {
  const cut: Buffer[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, piece.length);
    if (from < to) cut.push(piece.subarray(from, to));
    offset += piece.length;
  }
  return cut;
}

export function md5Of(pieces: Pieces): Buffer {
  const md5 = createHash('md5');
  for (const piece of pieces) md5.update(piece);
  return md5.digest();
}

/** `"hex"` of an MD5, or `"hex-parts"` of the MD5 of the parts' MD5s. */
export function etagOf(md5: Buffer, parts?: number): string {
  return parts === undefined ? `"${md5.toString('hex')}"` : `"${md5.toString('hex')}-${parts}"`;
}
