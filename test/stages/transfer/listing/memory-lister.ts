import { compareKeys } from '../../../../src/s3/compare-keys.ts';
import type { ListPage } from '../../../../src/s3/list-page.ts';
import type { ListedObject, ListPageOptions } from '../../../../src/s3/object-info.ts';
import { pageOf } from '../../../s3/page-of.ts';
import { Random } from '../../../world/random.ts';

export interface ListerOptions {
  seed?: number;
  /** Keys of a page at the most. */
  pageKeys?: number;
  /** Share of the probes that are answered with a key that is not there, or with none. */
  lies?: number;
  /** Called before each answer; may throw. */
  before?: (options: ListPageOptions) => void;
}

/** A listing in memory, as S3 gives it: pages may be short, or empty and not the last, and come in any order when several are asked for. */
export class MemoryLister {
  readonly keys: readonly string[];
  requests = 0;
  /** Requests under way at once, at the most. */
  concurrent = 0;
  readonly places: string[] = [];
  readonly #options: ListerOptions;
  readonly #random: Random;
  #current = 0;

  constructor(keys: Iterable<string>, options: ListerOptions = {}) {
    this.keys = [...keys].sort((a, b) => compareKeys(a, b));
    this.#options = options;
    this.#random = new Random(options.seed ?? 1);
  }

  async listPage(prefix: string, options: ListPageOptions = {}): Promise<ListPage> {
    this.requests++;
    this.concurrent = Math.max(this.concurrent, ++this.#current);
    try {
      for (let turns = this.#random.integer(1, 4); turns > 0; turns--) await new Promise((done) => setImmediate(done));
      options.signal?.throwIfAborted();
      this.#options.before?.(options);
      return options.maxKeys === 1 ? this.#probe(prefix, options) : this.#page(prefix, options);
    } finally {
      this.#current--;
    }
  }

  #probe(prefix: string, options: ListPageOptions): ListPage {
    const place = options.startAfter ?? '';
    this.places.push(place);
    if (this.#random.next() >= (this.#options.lies ?? 0)) return this.#page(prefix, options, 1);
    const lie = this.keys.filter((key) => key.startsWith(prefix))[this.#random.integer(0, this.keys.length - 1)];
    return pageOf(lie === undefined ? [] : [this.#object(lie)]);
  }

  #page(prefix: string, { startAfter, token }: ListPageOptions, keysMax?: number): ListPage {
    const { keys } = this;
    const first = token === undefined ? firstBehind(keys, startAfter ?? '') : Number(token);
    const begin = Math.max(first, firstFrom(keys, prefix));
    const limit = keysMax ?? this.#random.integer(this.#random.next() < 0.1 ? 0 : 1, this.#options.pageKeys ?? 1000);
    let end = begin;
    while (end < keys.length && end - begin < limit && keys[end].startsWith(prefix)) end++;
    const isLast = end >= keys.length || !keys[end].startsWith(prefix);
    const objects = keys.slice(begin, end).map((key) => this.#object(key));
    return pageOf(objects, isLast ? undefined : String(end));
  }

  #object(key: string): ListedObject {
    return { key, sizeBytes: key.length, etag: '"e"', lastModifiedMs: 0, storageClass: 'STANDARD' };
  }
}

/** The index of the first key for which it holds, of keys for which it holds from some index on. */
function firstIndex(keys: readonly string[], holds: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(keys[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function firstBehind(keys: readonly string[], after: string): number {
  return firstIndex(keys, (key) => compareKeys(key, after) > 0);
}

function firstFrom(keys: readonly string[], from: string): number {
  return firstIndex(keys, (key) => compareKeys(key, from) >= 0);
}
