import { compareSpans } from './compare-spans.ts';
import type { ListedObject } from './object-info.ts';
import type { PageBytes } from './page-bytes.ts';

const QUOTE = 0x22;

/**
 * One object of a page of a listing. Its key and its ETag are bytes of the page, compared as such, and become strings when somebody asks for them: of two listings that
 * are compared nearly all objects are the same, and nobody does. Of use until the page is released; `detach` gives what can be kept.
 */
export class PageObject implements ListedObject {
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly storageClass: string;
  readonly #page: PageBytes;
  readonly #keyStart: number;
  readonly #keyEnd: number;
  readonly #etagStart: number;
  readonly #etagEnd: number;

  /** The key is UTF-8 and decoded where it lies, the ETag too, with or without its quotes. */
  constructor(
    page: PageBytes,
    keyStart: number,
    keyEnd: number,
    etagStart: number,
    etagEnd: number,
    rest: Pick<ListedObject, 'sizeBytes' | 'lastModifiedMs' | 'storageClass'>,
  ) {
    this.sizeBytes = rest.sizeBytes;
    this.lastModifiedMs = rest.lastModifiedMs;
    this.storageClass = rest.storageClass;
    this.#page = page;
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
    this.#etagStart = etagStart;
    this.#etagEnd = etagEnd;
  }

  get key(): string {
    return this.#page.bytes.toString('utf8', this.#keyStart, this.#keyEnd);
  }

  get etag(): string {
    const { bytes } = this.#page;
    const etag = bytes.toString('latin1', this.#etagStart, this.#etagEnd);
    return etag === '' || bytes[this.#etagEnd - 1] === QUOTE ? etag : `"${etag}"`;
  }

  /** The order of what stands in two keys from these bytes on, as compareKeys has it. */
  compareKey(from: number, other: PageObject, otherFrom: number): number {
    return compareSpans(
      this.#page.view,
      this.#keyStart + from,
      this.#keyEnd,
      other.#page.view,
      other.#keyStart + otherFrom,
      other.#keyEnd,
    );
  }

  /** Whether these bytes stand in the key from there on. */
  hasInKey(from: number, bytes: Buffer): boolean {
    const start = this.#keyStart + from;
    const own = this.#page.bytes;
    if (start + bytes.length > this.#keyEnd) return false;
    for (let i = 0; i < bytes.length; i++) if (own[start + i] !== bytes[i]) return false;
    return true;
  }

  /** Whether both have an ETag, and it is written alike. One that is not may be the same, as without quotes. */
  hasEtagOf(other: PageObject): boolean {
    return (
      this.#etagEnd > this.#etagStart &&
      compareSpans(
        this.#page.view,
        this.#etagStart,
        this.#etagEnd,
        other.#page.view,
        other.#etagStart,
        other.#etagEnd,
      ) === 0
    );
  }

  /** The same for keeping, beyond the page. */
  detach(): ListedObject {
    const { key, sizeBytes, etag, lastModifiedMs, storageClass } = this;
    return { key, sizeBytes, etag, lastModifiedMs, storageClass };
  }
}
