import { isUtf8 } from 'node:buffer';
import { compareSpans } from './compare-spans.ts';
import { ContentsLocator, ETAG, KEY, LAST_MODIFIED, SIZE, STORAGE_CLASS } from './contents-locator.ts';
import { decodeEntities, decodeUrl } from './decode-in-place.ts';
import { IsoTimeReader } from './iso-time.ts';
import { PageObject } from './page-object.ts';
import { HAS_ENTITY, HAS_ESCAPE, type XmlCursor } from './xml-cursor.ts';
import type { PageBytes } from './page-bytes.ts';

const QUOTE = 0x22;

/** Reads the Contents of one page, one after the other. Throws MalformedXml, also where keys do not strictly ascend. */
export class ListedObjectReader {
  readonly #cursor: XmlCursor;
  readonly #page: PageBytes;
  readonly #isUrlEncoded: boolean;
  readonly #locator: ContentsLocator;
  readonly #view: DataView;
  readonly #times = new IsoTimeReader();
  // Where the last key and ETag lie, decoded.
  #keyStart = 0;
  #keyEnd = 0;
  #etagStart = 0;
  #etagEnd = 0;
  #storageClass = 'STANDARD';

  /** The cursor walks over the page's bytes. */
  constructor(cursor: XmlCursor, page: PageBytes, isUrlEncoded: boolean) {
    this.#cursor = cursor;
    this.#page = page;
    this.#isUrlEncoded = isUrlEncoded;
    this.#locator = new ContentsLocator(cursor);
    this.#view = page.view;
  }

  /** The object whose Contents was just opened; `from` is where the cursor was before. */
  read(from: number): PageObject {
    this.#locator.locate(from);
    return this.#object();
  }

  /** The object that comes next, if it is written as the last one; else undefined, and the cursor stays. */
  readAlike(): PageObject | undefined {
    return this.#locator.locateAlike() ? this.#object() : undefined;
  }

  #object(): PageObject {
    const { starts, ends } = this.#locator;
    const { bytes } = this.#cursor;
    this.#readKey();
    this.#readEtag();
    return new PageObject(this.#page, this.#keyStart, this.#keyEnd, this.#etagStart, this.#etagEnd, {
      sizeBytes: numberAt(this.#cursor, starts[SIZE], ends[SIZE]),
      lastModifiedMs: this.#time(bytes, starts[LAST_MODIFIED], ends[LAST_MODIFIED]),
      storageClass: this.#class(bytes, starts[STORAGE_CLASS], ends[STORAGE_CLASS]),
    });
  }

  #readKey(): void {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    const view = this.#view;
    const flags = this.#locator.flags[KEY];
    const start = this.#locator.starts[KEY];
    let end = this.#locator.ends[KEY];
    if (flags & HAS_ENTITY) end = decodeEntities(bytes, start, end);
    if (this.#isUrlEncoded && flags & (HAS_ENTITY | HAS_ESCAPE)) end = decodeUrl(bytes, start, end);
    if (end === start) throw cursor.fault('an object without a key');
    // No key before is as one of no bytes, which all others come after.
    if (compareSpans(view, start, end, view, this.#keyStart, this.#keyEnd) <= 0)
      throw cursor.fault('a key out of order');
    if (flags !== 0 && !this.#isAscii(start, end) && !isUtf8(bytes.subarray(start, end)))
      throw cursor.fault('a key that is not UTF-8');
    this.#keyStart = start;
    this.#keyEnd = end;
  }

  #isAscii(start: number, end: number): boolean {
    let at = start;
    for (; at + 4 <= end; at += 4) if (this.#view.getInt32(at) & 0x80808080) return false;
    for (; at < end; at++) if (this.#cursor.bytes[at] >= 0x80) return false;
    return true;
  }

  #readEtag(): void {
    const { bytes } = this.#cursor;
    const flags = this.#locator.flags[ETAG];
    let start = this.#locator.starts[ETAG];
    let end = this.#locator.ends[ETAG];
    if (flags === HAS_ENTITY && isQuotedByEntities(bytes, start, end)) {
      // The characters next to what is quoted are those of the entities.
      start += 5;
      end -= 5;
      bytes[start] = QUOTE;
      bytes[end - 1] = QUOTE;
    } else if (flags & HAS_ENTITY) end = decodeEntities(bytes, start, end);
    this.#etagStart = start;
    this.#etagEnd = end;
  }

  #time(bytes: Buffer, start: number, end: number): number {
    const ms = this.#times.read(bytes, start, end);
    if (Number.isNaN(ms)) throw this.#cursor.fault('an object without a time');
    return ms;
  }

  /** Most objects are of the same class as the one before, and need no string of their own. */
  #class(bytes: Buffer, start: number, end: number): string {
    if (start === end) return 'STANDARD';
    const last = this.#storageClass;
    let isSame = end - start === last.length;
    for (let i = 0; i < last.length && isSame; i++) isSame = bytes[start + i] === last.charCodeAt(i);
    if (!isSame) this.#storageClass = bytes.toString('latin1', start, end);
    return this.#storageClass;
  }
}

/** The whole number that stands there. */
export function numberAt(cursor: XmlCursor, start: number, end: number): number {
  const { bytes } = cursor;
  let value = end === start ? NaN : 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - 0x30;
    value = digit >>> 0 > 9 ? NaN : value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) throw cursor.fault('a number that is none');
  return value;
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
