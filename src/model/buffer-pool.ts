/**
 * Large buffers that are used again and again. A buffer of a megabyte lies outside of V8's heap, and V8 collects garbage because of its size; a page that
 * is read into a used one costs nothing of that. Whoever takes a buffer may give it back once nobody holds a view of it any more, and need not.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #buffersMax: number;
  readonly #free: ArrayBuffer[] = [];

  /** Keeps up to `buffersMax` free buffers of `bufferBytes`. */
  constructor(bufferBytes: number, buffersMax: number) {
    this.#bufferBytes = bufferBytes;
    this.#buffersMax = buffersMax;
  }

  /** A buffer of this length with whatever it held before. One that is much smaller or is larger than the pool's is made for the occasion. */
  take(length: number): Buffer {
    if (length > this.#bufferBytes || length < this.#bufferBytes / 16) return Buffer.allocUnsafeSlow(length);
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(this.#bufferBytes), 0, length);
  }

  /** Takes back a buffer, or any view of one, that this pool has given out; of any other it takes no notice. */
  give(buffer: Buffer): void {
    const { buffer: memory } = buffer;
    if (!(memory instanceof ArrayBuffer) || memory.byteLength !== this.#bufferBytes) return;
    if (this.#free.length < this.#buffersMax && !this.#free.includes(memory)) this.#free.push(memory);
  }
}
