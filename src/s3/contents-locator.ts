import { flagsOf, flagsOfTwo, HAS_ENTITY, HAS_QUOTE, STOP } from './text-flags.ts';
import type { XmlCursor } from './xml-cursor.ts';

/** What is read of an object; each is the index of its text. */
export const KEY = 0;
export const LAST_MODIFIED = 1;
export const ETAG = 2;
export const SIZE = 3;
export const STORAGE_CLASS = 4;
const FIELDS = ['Key', 'LastModified', 'ETag', 'Size', 'StorageClass'].map((name) => Buffer.from(name));
/** The quotes of an ETag as Amazon and Ceph write them, as Go does (MinIO), and as they are. */
const QUOTES = ['&quot;', '&#34;', '"'].map((written) => Buffer.from(written));
/** What ends a text that stands in such quotes. */
const UNQUOTE = STOP | HAS_ENTITY | HAS_QUOTE;

/**
 * Finds where the texts of an object lie in a page. An object whose markup has the same bytes as the last one's, as nearly all have, is not taken apart again: its
 * markup is compared, four bytes at a time, and only its texts are walked over. The quotes of ETags, which are longer than they look, count as markup: where
 * there are some, the text is what they hold. Throws MalformedXml.
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
  /** What ends the ETag's text. */
  #etagStops = STOP;

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
      const quoteBytes = field === ETAG ? this.#quoteAround(cursor.textStart, cursor.textEnd) : 0;
      this.starts[field] = cursor.textStart + quoteBytes;
      this.ends[field] = cursor.textEnd - quoteBytes;
      this.flags[field] = quoteBytes > 0 ? 0 : cursor.flags;
      if (field === ETAG) this.#etagStops = quoteBytes > 0 ? UNQUOTE : STOP;
      // `<Name/>` has no place for another object's text.
      if (cursor.isEmpty) continue;
      this.#order.push(field);
      this.#gaps.push(this.starts[field], this.ends[field]);
    }
    cursor.close(tagStart, nameEnd);
    this.#gaps.push(cursor.at);
  }

  /** Finds the next object if its markup is the last one's; else stays where it is and gives false. */
  locateAlike(): boolean {
    const order = this.#order;
    const gaps = this.#gaps;
    let { at } = this.#cursor;
    for (let i = 0; i < order.length; i++) {
      const start = gaps[2 * i];
      const length = gaps[2 * i + 1] - start;
      if (!this.#isSame(start, at, length)) return false;
      at += length;
      const field = order[i];
      const stops = field === ETAG ? this.#etagStops : STOP;
      this.starts[field] = at;
      at = this.#scan(field, at, stops);
      this.ends[field] = at;
      // Quotes around nothing are an ETag by themselves.
      if (stops === UNQUOTE && at === this.starts[field]) return false;
    }
    const start = gaps[2 * order.length];
    const length = gaps[2 * order.length + 1] - start;
    if (order.length === 0 || !this.#isSame(start, at, length)) return false;
    this.#cursor.at = at + length;
    return true;
  }

  /** Where the text ends; notes what it holds. Two bytes at a time: this is most of what reading a page costs. */
  #scan(field: number, from: number, stops: number): number {
    const view = this.#view;
    const last = view.byteLength - 1;
    let at = from;
    let flags = 0;
    let next = 0;
    for (; at < last; at += 2) {
      next = flagsOfTwo[view.getUint16(at)];
      if (next & stops) break;
      flags |= next;
    }
    if (at <= last) {
      next = flagsOf[view.getUint8(at)];
      if (!(next & stops)) {
        flags |= next;
        at++;
      }
    }
    this.flags[field] = flags;
    return at;
  }

  /** How long each of the quotes around a text is, as it is written; 0 where there are none, or it is another text because of what they hold. */
  #quoteAround(start: number, end: number): number {
    const { bytes } = this.#cursor;
    const text = bytes.subarray(start, end);
    for (const { length } of QUOTES.filter((quote) => isAround(text, quote))) {
      const inner = text.subarray(length, -length);
      if (inner.length > 0 && !inner.some((byte) => flagsOf[byte] & (HAS_ENTITY | HAS_QUOTE))) return length;
    }
    return 0;
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

function isAround(text: Buffer, quote: Buffer): boolean {
  const { length } = quote;
  return text.length > 2 * length && quote.equals(text.subarray(0, length)) && quote.equals(text.subarray(-length));
}
