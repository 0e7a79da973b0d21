import type { S3Bucket } from '../../../s3/bucket.ts';
import type { ListPage } from '../../../s3/list-page.ts';
import type { PageObject } from '../../../s3/page-object.ts';

/** What a listing is read from. */
export type Lister = Pick<S3Bucket, 'listPage'>;

/** One side's objects of a range, page by page. While a page is read the next is on its way; no more than these two are held. */
export class PageStream {
  readonly prefix: string;
  /** How many bytes of each key are the prefix. */
  readonly prefixBytes: number;
  /** The object that is due; undefined where the page is used up. */
  first: PageObject | undefined;
  /** The last key of the page that is read, without the prefix; undefined where it has none. */
  lastRest: string | undefined;
  readonly #bucket: Lister;
  readonly #signal: AbortSignal;
  /** Whether what comes behind this key is of interest. */
  readonly #wants: (lastKey: string) => boolean;
  /** The page that is read, and how far. */
  #page: ListPage | undefined;
  #index = 0;
  #lastKey: string | undefined;
  #next: Promise<ListPage> | undefined;

  /** Begins behind `after`, a whole key. */
  constructor(
    bucket: Lister,
    prefix: string,
    after: string | undefined,
    wants: (lastKey: string) => boolean,
    signal: AbortSignal,
  ) {
    this.prefix = prefix;
    this.prefixBytes = Buffer.byteLength(prefix);
    this.#bucket = bucket;
    this.#signal = signal;
    this.#wants = wants;
    this.#lastKey = after;
    this.#next = this.#request(undefined);
  }

  /** Whether the page is used up and another one comes. */
  get isDry(): boolean {
    return this.first === undefined && this.#next !== undefined;
  }

  /** Whether there are pages behind the one that is read. */
  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /** Goes on to the next object of the page. */
  advance(): void {
    this.#index++;
    this.first =
      this.#page !== undefined && this.#index < this.#page.length ? this.#page.object(this.#index) : undefined;
  }

  /** Waits until an object is due, or none is left; the objects of the page before are of no use then. Rejects with what a request fails with. */
  async fill(): Promise<void> {
    for (let next = this.#next; this.first === undefined && next !== undefined; next = this.#next) {
      const page = await next;
      const { length, token } = page;
      this.#page?.release();
      this.#page = page;
      this.#index = -1;
      this.advance();
      const lastKey = length > 0 ? page.object(length - 1).key : undefined;
      this.lastRest = lastKey?.slice(this.prefix.length);
      this.#lastKey = lastKey ?? this.#lastKey;
      const isWanted = token !== undefined && (this.#lastKey === undefined || this.#wants(this.#lastKey));
      this.#next = isWanted ? this.#request(token) : undefined;
    }
  }

  #request(token: string | undefined): Promise<ListPage> {
    const page = this.#bucket.listPage(this.prefix, { startAfter: this.#lastKey, token, signal: this.#signal });
    // Whoever waits for it hears of its failure; a page that nobody needs any more may fail.
    page.catch(() => undefined);
    return page;
  }
}
