import { isUtf8 } from 'node:buffer';
import { compareSpans } from './compare-spans.ts';
import { ContentsLocator, ETAG, KEY, LAST_MODIFIED, SIZE, STORAGE_CLASS } from './contents-locator.ts';
import { decodeEntities, decodeUrl } from './decode-in-place.ts';
import { IsoTimeReader } from './iso-time.ts';
import { HAS_ENTITY, HAS_ESCAPE } from './text-flags.ts';
import type { XmlCursor } from './xml-cursor.ts';
import type { PageRow, PageTable } from './page-table.ts';

/** Reads the Contents of one page, one after the other, into its table. Throws MalformedXml, also where keys do not strictly ascend. */
export class ListedObjectReader {
  readonly #cursor: XmlCursor;
  readonly #page: PageTable;
  readonly #isUrlEncoded: boolean;
  readonly #locator: ContentsLocator;
  readonly #view: DataView;
  readonly #times = new IsoTimeReader();
  /** Of the object that is read; its key is the last one's until it is read itself. */
  readonly #row: PageRow = {
    keyStart: 0,
    keyEnd: 0,
    etagStart: 0,
    etagEnd: 0,
    classStart: 0,
    classEnd: 0,
    sizeBytes: 0,
    lastModifiedMs: 0,
  };

  /** The cursor walks over the page's bytes. */
  constructor(cursor: XmlCursor, page: PageTable, isUrlEncoded: boolean) {
    this.#cursor = cursor;
    this.#page = page;
    this.#isUrlEncoded = isUrlEncoded;
    this.#locator = new ContentsLocator(cursor);
    this.#view = page.view;
  }

  /** Adds the object whose Contents was just opened, and those behind it that are written alike; `from` is where the cursor was before. */
  read(from: number): void {
    this.#locator.locate(from);
    do this.#add();
    while (this.#locator.locateAlike());
  }

  #add(): void {
    const { starts, ends } = this.#locator;
    const row = this.#row;
    this.#readKey();
    this.#readEtag();
    row.classStart = starts[STORAGE_CLASS];
    row.classEnd = ends[STORAGE_CLASS];
    row.sizeBytes = numberAt(this.#cursor, starts[SIZE], ends[SIZE]);
    row.lastModifiedMs = this.#times.read(this.#cursor.bytes, starts[LAST_MODIFIED], ends[LAST_MODIFIED]);
    if (Number.isNaN(row.lastModifiedMs)) throw this.#cursor.fault('an object without a time');
    this.#page.add(row);
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
    if (compareSpans(view, start, end, view, this.#row.keyStart, this.#row.keyEnd) <= 0)
      throw cursor.fault('a key out of order');
    if (flags !== 0 && !this.#isAscii(start, end) && !isUtf8(bytes.subarray(start, end)))
      throw cursor.fault('a key that is not UTF-8');
    this.#row.keyStart = start;
    this.#row.keyEnd = end;
  }

  #isAscii(start: number, end: number): boolean {
    let at = start;
    for (; at + 4 <= end; at += 4) if (this.#view.getInt32(at) & 0x80808080) return false;
    for (; at < end; at++) if (this.#cursor.bytes[at] >= 0x80) return false;
    return true;
  }

  #readEtag(): void {
    const { bytes } = this.#cursor;
    const start = this.#locator.starts[ETAG];
    let end = this.#locator.ends[ETAG];
    if (this.#locator.flags[ETAG] & HAS_ENTITY) end = decodeEntities(bytes, start, end);
    this.#row.etagStart = start;
    this.#row.etagEnd = end;
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
