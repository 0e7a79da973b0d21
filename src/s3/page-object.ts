import { compareSpans } from './compare-spans.ts';
import type { ListedObject } from './object-info.ts';
import type { PageTable } from './page-table.ts';

const QUOTE = 0x22;

/**
 * One object of a page of a listing. Its key and its ETag are bytes of the page, compared as such, and become strings when somebody asks for them: of two listings that
 * are compared nearly all objects are the same, and nobody does. Of use until the page is released; `detach` gives what can be kept.
 */
export class PageObject implements ListedObject {
  readonly #page: PageTable;
  readonly #row: number;

  constructor(page: PageTable, row: number) {
    this.#page = page;
    this.#row = row;
  }

  get key(): string {
    return this.#page.bytes.toString('utf8', this.#page.keyStart(this.#row), this.#page.keyEnd(this.#row));
  }

  get sizeBytes(): number {
    return this.#page.sizeBytes(this.#row);
  }

  get etag(): string {
    const { bytes } = this.#page;
    const end = this.#page.etagEnd(this.#row);
    const etag = bytes.toString('latin1', this.#page.etagStart(this.#row), end);
    return etag === '' || bytes[end - 1] === QUOTE ? etag : `"${etag}"`;
  }

  get lastModifiedMs(): number {
    return this.#page.lastModifiedMs(this.#row);
  }

  get storageClass(): string {
    const start = this.#page.classStart(this.#row);
    const end = this.#page.classEnd(this.#row);
    return start === end ? 'STANDARD' : this.#page.bytes.toString('latin1', start, end);
  }

  /** The order of what stands in two keys from these bytes on, as compareKeys has it. */
  compareKey(from: number, other: PageObject, otherFrom: number): number {
    const left = this.#page;
    const right = other.#page;
    return compareSpans(
      left.view,
      left.keyStart(this.#row) + from,
      left.keyEnd(this.#row),
      right.view,
      right.keyStart(other.#row) + otherFrom,
      right.keyEnd(other.#row),
    );
  }

  /** Whether these bytes stand in the key from there on. */
  hasInKey(from: number, bytes: Buffer): boolean {
    const own = this.#page.bytes;
    const start = this.#page.keyStart(this.#row) + from;
    if (start + bytes.length > this.#page.keyEnd(this.#row)) return false;
    for (let i = 0; i < bytes.length; i++) if (own[start + i] !== bytes[i]) return false;
    return true;
  }

  /** Whether both have an ETag, and it is the same as it stands there. Others may be the same too, such as one with quotes and one without. */
  hasEtagOf(other: PageObject): boolean {
    const left = this.#page;
    const right = other.#page;
    const start = left.etagStart(this.#row);
    const end = left.etagEnd(this.#row);
    const otherStart = right.etagStart(other.#row);
    const otherEnd = right.etagEnd(other.#row);
    return start < end && compareSpans(left.view, start, end, right.view, otherStart, otherEnd) === 0;
  }

  /** The same for keeping, beyond the page. */
  detach(): ListedObject {
    const { key, sizeBytes, etag, lastModifiedMs, storageClass } = this;
    return { key, sizeBytes, etag, lastModifiedMs, storageClass };
  }
}
