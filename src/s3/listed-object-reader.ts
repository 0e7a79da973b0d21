import { isUtf8 } from 'node:buffer';
import { decodeEntities, decodeUrl } from './decode-in-place.ts';
import { IsoTimeReader } from './iso-time.ts';
import { HAS_ENTITY, HAS_ESCAPE, type XmlCursor } from './xml-cursor.ts';
import type { ListedObject } from './object-info.ts';

const KEY = Buffer.from('Key');
const LAST_MODIFIED = Buffer.from('LastModified');
const ETAG = Buffer.from('ETag');
const SIZE = Buffer.from('Size');
const STORAGE_CLASS = Buffer.from('StorageClass');
const QUOTE = 0x22;

/** Reads the Contents of one page, one after the other. Throws MalformedXml, also where keys do not strictly ascend. */
export class ListedObjectReader {
  readonly #cursor: XmlCursor;
  readonly #isUrlEncoded: boolean;
  readonly #times = new IsoTimeReader();
  // Where the key before lies, decoded.
  #lastStart = 0;
  #lastEnd = 0;
  #storageClass = 'STANDARD';

  constructor(cursor: XmlCursor, isUrlEncoded: boolean) {
    this.#cursor = cursor;
    this.#isUrlEncoded = isUrlEncoded;
  }

  /** The object whose Contents was just opened. */
  read(): ListedObject {
    const cursor = this.#cursor;
    const { tagStart, nameEnd } = cursor;
    let key: string | undefined;
    let sizeBytes = -1;
    let lastModifiedMs = NaN;
    let etag = '';
    let storageClass = 'STANDARD';
    if (cursor.isEmpty) throw cursor.fault('an object without a key');
    while (cursor.open()) {
      if (cursor.isNamed(KEY)) {
        if (key !== undefined) throw cursor.fault('an object with two keys');
        key = this.#readKey();
      } else if (cursor.isNamed(LAST_MODIFIED)) {
        cursor.readText();
        lastModifiedMs = this.#times.read(cursor.bytes, cursor.textStart, cursor.textEnd);
      } else if (cursor.isNamed(ETAG)) etag = this.#readEtag();
      else if (cursor.isNamed(SIZE)) sizeBytes = readNumber(cursor);
      else if (cursor.isNamed(STORAGE_CLASS)) storageClass = this.#readStorageClass();
      else cursor.skip();
    }
    cursor.close(tagStart, nameEnd);
    if (key === undefined) throw cursor.fault('an object without a key');
    if (sizeBytes < 0) throw cursor.fault('an object without a size');
    if (Number.isNaN(lastModifiedMs)) throw cursor.fault('an object without a time');
    return { key, sizeBytes, etag, lastModifiedMs, storageClass };
  }

  #readKey(): string {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    cursor.readText();
    const { textStart, flags } = cursor;
    let end = cursor.textEnd;
    if (flags & HAS_ENTITY) end = decodeEntities(bytes, textStart, end);
    if (this.#isUrlEncoded && flags & (HAS_ENTITY | HAS_ESCAPE)) end = decodeUrl(bytes, textStart, end);
    if (end === textStart) throw cursor.fault('an object without a key');
    if (this.#lastEnd > 0 && !this.#isAfterLast(textStart, end)) throw cursor.fault('a key out of order');
    this.#lastStart = textStart;
    this.#lastEnd = end;
    // Copied by itself: a part of a larger string would keep all of that in memory.
    if (flags === 0 || isAscii(bytes, textStart, end)) return bytes.toString('latin1', textStart, end);
    if (!isUtf8(bytes.subarray(textStart, end))) throw cursor.fault('a key that is not UTF-8');
    return bytes.toString('utf8', textStart, end);
  }

  /** Whether the key that stands there comes after the last one. */
  #isAfterLast(start: number, end: number): boolean {
    const { bytes } = this.#cursor;
    const length = Math.min(end - start, this.#lastEnd - this.#lastStart);
    for (let i = 0; i < length; i++) {
      const difference = bytes[start + i] - bytes[this.#lastStart + i];
      if (difference !== 0) return difference > 0;
    }
    return end - start > length;
  }

  /** With quotes, whether the service gives them or not, as If-Match wants it. */
  #readEtag(): string {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    cursor.readText();
    let { textStart: start, textEnd: end } = cursor;
    if (cursor.flags === HAS_ENTITY && isQuotedByEntities(bytes, start, end)) {
      // The characters next to what is quoted are those of the entities.
      start += 5;
      end -= 5;
      bytes[start] = QUOTE;
      bytes[end - 1] = QUOTE;
    } else if (cursor.flags & HAS_ENTITY) end = decodeEntities(bytes, start, end);
    const etag = bytes.toString('latin1', start, end);
    return etag === '' || etag.endsWith('"') ? etag : `"${etag}"`;
  }

  /** Most objects are of the same class as the one before, and need no string of their own. */
  #readStorageClass(): string {
    const cursor = this.#cursor;
    cursor.readText();
    const last = this.#storageClass;
    let isSame = cursor.textEnd - cursor.textStart === last.length;
    for (let i = 0; i < last.length && isSame; i++) isSame = cursor.bytes[cursor.textStart + i] === last.charCodeAt(i);
    if (!isSame) this.#storageClass = textOf(cursor);
    return this.#storageClass || 'STANDARD';
  }
}

/** The whole number that the element just opened holds. */
export function readNumber(cursor: XmlCursor): number {
  cursor.readText();
  const { bytes, textStart, textEnd } = cursor;
  let value = textEnd === textStart ? NaN : 0;
  for (let at = textStart; at < textEnd; at++) {
    const digit = bytes[at] - 0x30;
    value = digit >>> 0 > 9 ? NaN : value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) throw cursor.fault('a number that is none');
  return value;
}

/** The text that the element just opened holds. */
export function readString(cursor: XmlCursor): string {
  cursor.readText();
  return textOf(cursor);
}

function textOf({ bytes, textStart, textEnd, flags }: XmlCursor): string {
  return bytes.toString('utf8', textStart, flags & HAS_ENTITY ? decodeEntities(bytes, textStart, textEnd) : textEnd);
}

/** Whether it is `&quot;…&quot;` with no other entity in between. */
function isQuotedByEntities(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 12 || !isQuoteEntity(bytes, start) || !isQuoteEntity(bytes, end - 6)) return false;
  for (let at = start + 6; at < end - 6; at++) if (bytes[at] === 0x26) return false;
  return true;
}

function isQuoteEntity(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === 0x26 &&
    bytes[at + 1] === 0x71 &&
    bytes[at + 2] === 0x75 &&
    bytes[at + 3] === 0x6f &&
    bytes[at + 4] === 0x74 &&
    bytes[at + 5] === 0x3b
  );
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] >= 0x80) return false;
  return true;
}
