import { createCipheriv, createHash } from 'node:crypto';
import { keyOf, MIB, type DataSet } from '../data-sets.ts';

/** All content is cut from this many bytes, which 5, 8 and 16 MiB divide: the MD5s that make up ETags repeat, and are computed once. */
const PATTERN_BYTES = 80 * MIB;
/** How far apart two objects begin in it. */
const LARGE_STEP = 16 * MIB;
const SMALL_STEP = 10_007;

const pattern = makePattern();
const md5s = new Map<string, Buffer>();

/** Any bytes that do not repeat would do; a key stream is made fast. */
function makePattern(): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'dynaferry'), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(PATTERN_BYTES));
}

/** The bytes of one object, none of which is held for it alone. */
export class Content {
  readonly sizeBytes: number;
  readonly #origin: number;

  constructor(index: number, sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#origin = (index * (sizeBytes >= MIB ? LARGE_STEP : SMALL_STEP)) % PATTERN_BYTES;
  }

  /** The bytes [start, end) in pieces of `pieceBytes` at most, without copying. */
  *pieces(start: number, end: number, pieceBytes: number): Generator<Buffer> {
    for (let at = start; at < end;) {
      const from = (this.#origin + at) % PATTERN_BYTES;
      const length = Math.min(end - at, pieceBytes, PATTERN_BYTES - from);
      yield pattern.subarray(from, from + length);
      at += length;
    }
  }

  /** Whether these are the bytes that stand at `start`. */
  matches(start: number, bytes: Buffer): boolean {
    if (start < 0 || start + bytes.length > this.sizeBytes) return false;
    let at = 0;
    for (const piece of this.pieces(start, start + bytes.length, PATTERN_BYTES)) {
      if (bytes.compare(piece, 0, piece.length, at, at + piece.length) !== 0) return false;
      at += piece.length;
    }
    return true;
  }

  /** MD5 of the bytes [start, end). */
  md5(start: number, end: number): Buffer {
    const id = `${(this.#origin + start) % PATTERN_BYTES} ${end - start}`;
    let md5 = md5s.get(id);
    if (md5 === undefined) {
      const hash = createHash('md5');
      for (const piece of this.pieces(start, end, PATTERN_BYTES)) hash.update(piece);
      md5 = hash.digest();
      md5s.set(id, md5);
    }
    return md5;
  }
}

/** An object as it is listed and read. */
export interface CannedObject {
  key: string;
  content: Content;
  /** With its quotes. */
  etag: string;
  /** Headers that it was stored with and comes back with. */
  headers: Readonly<Record<string, string>>;
}

/** All objects of the set, in the order of their keys. */
export function makeObjects(set: DataSet): CannedObject[] {
  return Array.from({ length: set.objects }, (_, index) => {
    const content = new Content(index, set.sizeBytes);
    return { key: keyOf(set, index), content, etag: etagOf(content, set.partSizeBytes), headers: {} };
  });
}

function etagOf(content: Content, partSizeBytes: number | undefined): string {
  const { sizeBytes } = content;
  if (partSizeBytes === undefined) return plainEtag(content.md5(0, sizeBytes));
  const parts: Buffer[] = [];
  for (let start = 0; start < sizeBytes; start += partSizeBytes)
    parts.push(content.md5(start, Math.min(start + partSizeBytes, sizeBytes)));
  return multipartEtag(parts);
}

export function plainEtag(md5: Buffer): string {
  return `"${md5.toString('hex')}"`;
}

/** S3's: the MD5 of the parts' MD5s, and how many there are. */
export function multipartEtag(parts: readonly Buffer[]): string {
  return `"${createHash('md5').update(Buffer.concat(parts)).digest('hex')}-${parts.length}"`;
}
