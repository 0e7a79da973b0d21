import { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';

/** What answers to listings are received into: a thousand keys of usual length, for the pages of as many listings as go on side by side. */
export const pageBuffers = new BufferPool(512 * 1024, 32);

/** The bytes of one page, of which its objects are views until it is released. */
export class PageBytes {
  #bytes: Buffer | undefined;
  #view: DataView | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get bytes(): Buffer {
    return this.#bytes ?? released();
  }

  /** The same bytes, four of which are read at once. */
  get view(): DataView {
    return this.#view ?? released();
  }

  /** The memory serves for another page. Whoever asks for these bytes from now on has an error in place of another page's. */
  release(): void {
    if (this.#bytes !== undefined) pageBuffers.give(this.#bytes);
    this.#bytes = undefined;
    this.#view = undefined;
  }
}

function released(): never {
  throw new DynaferryError('INTERNAL', 'an object of a page that has been released');
}
