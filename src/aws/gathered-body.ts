import { BufferPool } from '../model/buffer-pool.ts';
import type { BodySink } from './http-client.ts';
import type { ResponseHead } from './http-message.ts';

/** What a page of a listing needs, which is what mostly comes without a length. */
const MEMORY_BYTES = 512 * 1024;
const memories = new BufferPool(MEMORY_BYTES, 16);
const NOTHING = Buffer.alloc(0);

/**
 * A body as it comes in of which nobody knows how long it is. It gathers in memory that all connections share and use again: fresh memory for each would be
 * most of what receiving a listing costs.
 */
export class GatheredBody {
  length = 0;
  #memory: Buffer = NOTHING;

  /** Copies what stands in [start, end). */
  add(bytes: Buffer, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.#memory.length) this.#grow(length);
    bytes.copy(this.#memory, this.length, start, end);
    this.length = length;
  }

  /** The body is whole: puts it where it belongs, or into a buffer of its own. Throws what the sink throws. */
  complete(head: ResponseHead, sink: BodySink | undefined): Buffer {
    const body = sink?.take(this.length, head) ?? Buffer.allocUnsafeSlow(this.length);
    this.#memory.copy(body, 0, 0, this.length);
    this.release();
    return body;
  }

  /** Gives the memory back: what has come in is not needed. */
  release(): void {
    memories.give(this.#memory);
    this.#memory = NOTHING;
    this.length = 0;
  }

  #grow(length: number): void {
    const larger =
      length <= MEMORY_BYTES
        ? memories.take(MEMORY_BYTES)
        : Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length));
    this.#memory.copy(larger, 0, 0, this.length);
    memories.give(this.#memory);
    this.#memory = larger;
  }
}
