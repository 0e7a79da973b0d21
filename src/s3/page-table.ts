import { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';

/** What answers to listings are received into: a thousand keys of usual length, for the pages of as many listings as go on side by side. */
export const pageBuffers = new BufferPool(512 * 1024, 32);

/** Rows that a table has room for at first: S3 lists no more keys at once. */
const ROWS = 1000;
/** Numbers of a row. */
const FIELDS = 8;
/** What tables of that size note their rows in, for as many pages. */
const rowBuffers = new BufferPool(ROWS * FIELDS * Float64Array.BYTES_PER_ELEMENT, 32);

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
 * The bytes of one page, and for each of its objects where in them it stands. Rows of numbers and no objects, and in memory that is used again, since a page stays for as
 * long as the other side's takes to come: what lives so long and is then garbage lets V8's heap grow by a hundred megabytes.
 */
export class PageTable {
  length = 0;
  #bytes: Buffer | undefined;
  #view: DataView | undefined;
  #rows: Float64Array | undefined = takeRows(ROWS);

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
    let rows = this.#rows ?? released();
    const at = this.length * FIELDS;
    if (at === rows.length) rows = this.#grow(rows);
    rows[at] = row.keyStart;
    rows[at + 1] = row.keyEnd;
    rows[at + 2] = row.etagStart;
    rows[at + 3] = row.etagEnd;
    rows[at + 4] = row.classStart;
    rows[at + 5] = row.classEnd;
    rows[at + 6] = row.sizeBytes;
    rows[at + 7] = row.lastModifiedMs;
    this.length++;
  }

  keyStart(row: number): number {
    return this.#number(row, 0);
  }

  keyEnd(row: number): number {
    return this.#number(row, 1);
  }

  etagStart(row: number): number {
    return this.#number(row, 2);
  }

  etagEnd(row: number): number {
    return this.#number(row, 3);
  }

  classStart(row: number): number {
    return this.#number(row, 4);
  }

  classEnd(row: number): number {
    return this.#number(row, 5);
  }

  sizeBytes(row: number): number {
    return this.#number(row, 6);
  }

  lastModifiedMs(row: number): number {
    return this.#number(row, 7);
  }

  /** The memory serves for another page. Whoever asks for something of it from now on has an error in place of another page's. */
  release(): void {
    if (this.#bytes !== undefined) pageBuffers.give(this.#bytes);
    if (this.#rows !== undefined) giveRows(this.#rows);
    this.#bytes = undefined;
    this.#view = undefined;
    this.#rows = undefined;
  }

  #number(row: number, field: number): number {
    return (this.#rows ?? released())[row * FIELDS + field];
  }

  #grow(rows: Float64Array): Float64Array {
    const larger = takeRows((2 * rows.length) / FIELDS);
    larger.set(rows);
    giveRows(rows);
    return (this.#rows = larger);
  }
}

function takeRows(count: number): Float64Array {
  const { buffer, byteOffset } = rowBuffers.take(count * FIELDS * Float64Array.BYTES_PER_ELEMENT);
  return new Float64Array(buffer, byteOffset, count * FIELDS);
}

function giveRows(rows: Float64Array): void {
  rowBuffers.give(Buffer.from(rows.buffer));
}

function released(): never {
  throw new DynaferryError('INTERNAL', 'an object of a page that has been released');
}
