import { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';

/** What answers to listings are received into: a thousand keys of usual length, for the pages of as many listings as go on side by side. */
export const pageBuffers = new BufferPool(512 * 1024, 32);

/** Rows that a table has room for at first: S3 lists no more keys at once. */
const ROWS = 1000;
/** Of each row: where texts begin and end, and other numbers. */
const SPANS = 6;
const NUMBERS = 2;

/** One object: where in the page its texts stand, decoded, and its numbers. The key is UTF-8; the ETag has its quotes or not. */
export interface PageRow {
  keyStart: number;
  keyEnd: number;
  etagStart: number;
  etagEnd: number;
  classStart: number;
  classEnd: number;
  sizeBytes: number;
  lastModifiedMs: number;
}

/**
 * The bytes of one page, and for each of its objects where in them it stands. Rows of numbers and no objects, since a page stays for as long as the other side's takes to come:
 * twenty million objects that live so long let V8's heap grow by a hundred megabytes.
 */
export class PageTable {
  length = 0;
  #bytes: Buffer | undefined;
  #view: DataView | undefined;
  #spans = new Int32Array(ROWS * SPANS);
  #numbers = new Float64Array(ROWS * NUMBERS);

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get bytes(): Buffer {
    return this.#bytes ?? released();
  }

  /** The same bytes, of which several can be read at once. */
  get view(): DataView {
    return this.#view ?? released();
  }

  /** Adds what stands in `row`, which may then be written over. */
  add(row: PageRow): void {
    if (this.length * SPANS === this.#spans.length) this.#grow();
    const spans = this.#spans;
    const at = this.length * SPANS;
    spans[at] = row.keyStart;
    spans[at + 1] = row.keyEnd;
    spans[at + 2] = row.etagStart;
    spans[at + 3] = row.etagEnd;
    spans[at + 4] = row.classStart;
    spans[at + 5] = row.classEnd;
    this.#numbers[this.length * NUMBERS] = row.sizeBytes;
    this.#numbers[this.length * NUMBERS + 1] = row.lastModifiedMs;
    this.length++;
  }

  keyStart(row: number): number {
    return this.#spans[row * SPANS];
  }

  keyEnd(row: number): number {
    return this.#spans[row * SPANS + 1];
  }

  etagStart(row: number): number {
    return this.#spans[row * SPANS + 2];
  }

  etagEnd(row: number): number {
    return this.#spans[row * SPANS + 3];
  }

  classStart(row: number): number {
    return this.#spans[row * SPANS + 4];
  }

  classEnd(row: number): number {
    return this.#spans[row * SPANS + 5];
  }

  sizeBytes(row: number): number {
    return this.#numbers[row * NUMBERS];
  }

  lastModifiedMs(row: number): number {
    return this.#numbers[row * NUMBERS + 1];
  }

  /** The bytes' memory serves for another page. Whoever asks for them from now on has an error in place of another page's. */
  release(): void {
    if (this.#bytes !== undefined) pageBuffers.give(this.#bytes);
    this.#bytes = undefined;
    this.#view = undefined;
  }

  #grow(): void {
    const spans = new Int32Array(2 * this.#spans.length);
    spans.set(this.#spans);
    this.#spans = spans;
    const numbers = new Float64Array(2 * this.#numbers.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}

function released(): never {
  throw new DynaferryError('INTERNAL', 'an object of a page that has been released');
}
