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
  /** The page that is read, and how far. */
  objects: readonly PageObject[] = [];
  index = 0;
  readonly #bucket: Lister;
  readonly #signal: AbortSignal;
  /** Whether what comes behind this key is of interest. */
  readonly #wants: (lastKey: string) => boolean;
  #page: ListPage | undefined;
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
    return this.index === this.objects.length && this.#next !== undefined;
  }

  /** Whether there are pages behind the one that is read. */
  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  /** The last key of the page that is read, without the prefix. */
  get lastRest(): string | undefined {
    return this.objects.at(-1)?.key.slice(this.prefix.length);
  }

  /** Waits until there is an object to read, or none is left; the objects of the page before are of no use then. Rejects with what a request fails with. */
  async fill(): Promise<void> {
    while (this.index === this.objects.length && this.#next !== undefined) {
      const page = await this.#next;
      const { objects, token } = page;
      this.#page?.release();
      this.#page = page;
      this.objects = objects;
      this.index = 0;
      this.#lastKey = objects.at(-1)?.key ?? this.#lastKey;
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
