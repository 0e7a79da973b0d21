import type { BufferPool } from './buffer-pool.ts';

/** A growing buffer that pages of output are assembled in. Taking its content empties it, and the taken bytes are never written to again. */
export class ByteWriter {
  #out: Buffer;
  #length = 0;

  /** `sizeHint` in bytes: what it usually holds before it is taken. */
  constructor(sizeHint = 64 * 1024) {
    this.#out = Buffer.allocUnsafe(sizeHint);
  }

  /** Bytes written since the last take. */
  get length(): number {
    return this.#length;
  }

  /** Copies the range [start, end). */
  copy(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#length + length > this.#out.length) this.#grow(length);
    bytes.copy(this.#out, this.#length, start, end);
    this.#length += length;
  }

  byte(value: number): void {
    if (this.#length === this.#out.length) this.#grow(1);
    this.#out[this.#length++] = value;
  }

  /** Text that is ASCII, such as JSON punctuation, hex and base64. */
  ascii(text: string): void {
    if (this.#length + text.length > this.#out.length) this.#grow(text.length);
    this.#out.write(text, this.#length, 'latin1');
    this.#length += text.length;
  }

  /** A string as a JSON string, with quotes and escapes. */
  jsonString(text: string): void {
    const json = JSON.stringify(text);
    const size = Buffer.byteLength(json);
    if (this.#length + size > this.#out.length) this.#grow(size);
    this.#length += this.#out.write(json, this.#length);
  }

  /** Takes back everything behind `length`, a former value of `length`: for an item that failed half-way. */
  truncate(length: number): void {
    if (length > this.#length) throw new RangeError('cannot truncate to more than was written');
    this.#length = length;
  }

  /** What has been written, without taking it; valid until the next call of any other method. */
  peek(): Buffer {
    return this.#out.subarray(0, this.#length);
  }

  /** All that was written, which is the caller's from now on. `pool` gives the memory for what comes next. */
  take(pool?: BufferPool): Buffer {
    const taken = this.#out.subarray(0, this.#length);
    // Some room to spare: what comes next is about as long, and growing copies all of it.
    const size = Math.max(64 * 1024, this.#length + (this.#length >> 2));
    this.#out = pool?.take(size) ?? Buffer.allocUnsafe(size);
    this.#length = 0;
    return taken;
  }

  #grow(more: number): void {
    const bigger = Buffer.allocUnsafe(Math.max(this.#out.length * 2, this.#length + more));
    this.#out.copy(bigger, 0, 0, this.#length);
    this.#out = bigger;
  }
}
