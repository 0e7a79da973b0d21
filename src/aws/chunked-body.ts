import type { GatheredBody } from './gathered-body.ts';
import { MalformedResponse } from './http-message.ts';

const LINE_BYTES_MAX = 1024;
const LF = 0x0a;

/** Takes a chunked body apart (RFC 9112, section 7.1). Extensions and trailers are passed over. */
export class ChunkedBody {
  ended = false;
  readonly #content: GatheredBody;
  #line = '';
  /** Bytes of the chunk that are still to come; -1 while a size line is read, -2 while trailers are. */
  #left = -1;
  #expectsLineEnd = false;

  /** The chunks' content is added to `content`. */
  constructor(content: GatheredBody) {
    this.#content = content;
  }

  /** Reads what of `bytes` from `at` on belongs to the body; returns the position behind it. Throws MalformedResponse. */
  read(bytes: Buffer, at: number): number {
    let i = at;
    while (i < bytes.length && !this.ended) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, i + this.#left);
        this.#content.add(bytes, i, end);
        this.#left -= end - i;
        i = end;
        if (this.#left === 0) {
          this.#left = -1;
          this.#expectsLineEnd = true;
        }
      } else i = this.#readLine(bytes, i);
    }
    return i;
  }

  #readLine(bytes: Buffer, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#line += bytes.toString('latin1', at, end);
    if (this.#line.length > LINE_BYTES_MAX) throw new MalformedResponse('a chunk size without end');
    if (lf >= 0) {
      const line = this.#line.replace(/\r?\n$/, '');
      this.#line = '';
      this.#takeLine(line);
    }
    return end;
  }

  #takeLine(line: string): void {
    if (this.#expectsLineEnd) {
      if (line !== '') throw new MalformedResponse('a chunk longer than its size');
      this.#expectsLineEnd = false;
    } else if (this.#left === -2) this.ended = line === '';
    else {
      const size = /^([0-9a-fA-F]{1,10})\s*(?:;|$)/.exec(line);
      if (size === null) throw new MalformedResponse('a chunk without a size');
      this.#left = Number.parseInt(size[1], 16);
      if (this.#left === 0) this.#left = -2;
    }
  }
}
