import { flagsOf, STOP, type XmlCursor } from './xml-cursor.ts';

/** What is read of an object; each is the index of its text. */
export const KEY = 0;
export const LAST_MODIFIED = 1;
export const ETAG = 2;
export const SIZE = 3;
export const STORAGE_CLASS = 4;
const FIELDS = ['Key', 'LastModified', 'ETag', 'Size', 'StorageClass'].map((name) => Buffer.from(name));

/**
 * Finds where the texts of an object lie in a page. An object whose markup has the same bytes as the last one's, as nearly all have, is not taken apart again: its
 * markup is compared, four bytes at a time, and only its texts are walked over. Throws MalformedXml.
 */
export class ContentsLocator {
  /** Of each text of the object that was found last; start and end are equal where it has none. */
  readonly starts = new Int32Array(FIELDS.length);
  readonly ends = new Int32Array(FIELDS.length);
  readonly flags = new Uint8Array(FIELDS.length);
  readonly #cursor: XmlCursor;
  readonly #view: DataView;
  /** The fields in the order in which the last object has them, and where the markup before each begins and ends; one more behind the last. */
  #order: number[] = [];
  #gaps: number[] = [];

  constructor(cursor: XmlCursor) {
    const { bytes } = cursor;
    this.#cursor = cursor;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Takes apart the Contents that was just opened; `from` is where the cursor was before. */
  locate(from: number): void {
    const cursor = this.#cursor;
    const { tagStart, nameEnd } = cursor;
    if (cursor.isEmpty) throw cursor.fault('an object without a key');
    this.starts.fill(0);
    this.ends.fill(0);
    this.#order = [];
    this.#gaps = [from];
    while (cursor.open()) {
      const field = FIELDS.findIndex((name) => cursor.isNamed(name));
      if (field < 0) {
        cursor.skip();
        continue;
      }
      if (this.#order.includes(field)) throw cursor.fault('an object with an element twice');
      cursor.readText();
      this.starts[field] = cursor.textStart;
      this.ends[field] = cursor.textEnd;
      this.flags[field] = cursor.flags;
      // `<Name/>` has no place for another object's text.
      if (cursor.isEmpty) continue;
      this.#order.push(field);
      this.#gaps.push(cursor.textStart, cursor.textEnd);
    }
    cursor.close(tagStart, nameEnd);
    this.#gaps.push(cursor.at);
  }

  /** Finds the next object if its markup is the last one's; else stays where it is and gives false. */
  locateAlike(): boolean {
    const order = this.#order;
    const gaps = this.#gaps;
    const { bytes } = this.#cursor;
    let { at } = this.#cursor;
    for (let i = 0; i < order.length; i++) {
      const start = gaps[2 * i];
      const length = gaps[2 * i + 1] - start;
      if (!this.#isSame(start, at, length)) return false;
      at += length;
      const field = order[i];
      this.starts[field] = at;
      let flags = 0;
      while (at < bytes.length) {
        flags |= flagsOf[bytes[at]];
        if (flags >= STOP) break;
        at++;
      }
      this.ends[field] = at;
      this.flags[field] = flags & ~STOP;
    }
    const start = gaps[2 * order.length];
    const length = gaps[2 * order.length + 1] - start;
    if (order.length === 0 || !this.#isSame(start, at, length)) return false;
    this.#cursor.at = at + length;
    return true;
  }

  /** Markup is never shorter than four bytes; its last four may be compared twice. */
  #isSame(a: number, b: number, length: number): boolean {
    const view = this.#view;
    const last = length - 4;
    if (b + length > view.byteLength) return false;
    for (let i = 0; i < last; i += 4) if (view.getInt32(a + i) !== view.getInt32(b + i)) return false;
    return view.getInt32(a + last) === view.getInt32(b + last);
  }
}
