import type { PrefixPair } from '../copy-options.ts';
import { KeyRange, type ListedPair, type ListingCounts, type RangeContext } from './key-range.ts';
import type { Lister } from './page-stream.ts';

export interface ComparisonOptions {
  /** None within another. */
  pairs: readonly PrefixPair[];
  source: Lister;
  target: Lister;
  /** Ranges of keys that are listed side by side, each by one request a side at a time and one ahead. */
  parallel: number;
  signal?: AbortSignal;
  /** Counted up while it goes on; those of STATE_PREFIX are not counted. */
  counts?: ListingCounts;
  /**
   * Takes pairs of a prefix pair, in order within a range, which goes on when the promise is fulfilled: until then the pairs are of use, and what is to be kept of them
   * is detached. Other ranges call it meanwhile.
   */
  emit(pairs: ListedPair[], prefixes: PrefixPair): Promise<void>;
}

/**
 * Lists both sides and gives every key of either once, with the entries of both. Memory holds some pages for each range, however many objects there are.
 *
 * Resolves, with how many objects there were, only when both listings were read to their ends. Where a request fails for good, `emit` rejects or the signal aborts, it rejects
 * with that and calls `emit` no more: what was not given until then may be there or not, so that nothing may be deleted by it.
 */
export async function compareListings(options: ComparisonOptions): Promise<ListingCounts> {
  const scope = new AbortController();
  const { signal } = options;
  const onAbort = (): void => scope.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const counts = options.counts ?? { source: 0, target: 0 };
  try {
    await new Comparison(
      options,
      { source: options.source, target: options.target, counts, signal: scope.signal },
      scope,
    ).run();
    return counts;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // Pages that were asked for ahead and are not needed.
    scope.abort();
  }
}

/** Ranges and the lanes that work on them: who has none takes half of another's. */
class Comparison {
  readonly #options: ComparisonOptions;
  readonly #context: RangeContext;
  readonly #scope: AbortController;
  readonly #waiting: PrefixPair[];
  readonly #active = new Set<KeyRange>();
  #idle: (() => void)[] = [];
  #failure: { error: unknown } | undefined;

  constructor(options: ComparisonOptions, context: RangeContext, scope: AbortController) {
    this.#options = options;
    this.#context = context;
    this.#scope = scope;
    this.#waiting = [...options.pairs];
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.parallel }, () => this.#lane()));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #lane(): Promise<void> {
    try {
      for (let range = await this.#take(); range !== undefined; range = await this.#take()) {
        for (let pairs = await range.next(); pairs !== undefined; pairs = await range.next()) {
          this.#scope.signal.throwIfAborted();
          await this.#options.emit(pairs, range.pair);
          this.#wake();
        }
        this.#active.delete(range);
        this.#wake();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#scope.abort();
    }
    this.#wake();
  }

  /** A range that nobody works on; waits until there is one. Undefined where all is done or has failed. */
  async #take(): Promise<KeyRange | undefined> {
    while (this.#failure === undefined) {
      const pair = this.#waiting.shift();
      const range = pair === undefined ? await this.#steal() : new KeyRange(this.#context, pair);
      if (range !== undefined) {
        this.#active.add(range);
        return range;
      }
      if (this.#active.size === 0 && this.#waiting.length === 0) return undefined;
    }
    return undefined;
  }

  /** Half of the range that seems to have most left. Undefined after a change, or a search in vain. */
  async #steal(): Promise<KeyRange | undefined> {
    let victim: KeyRange | undefined;
    for (const range of this.#active)
      if (
        !range.isSearched &&
        !range.isIndivisible &&
        range.weight > (victim?.weight ?? 0) &&
        range.frontier !== undefined
      )
        victim = range;
    if (victim === undefined) {
      if (this.#active.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
      return undefined;
    }
    victim.isSearched = true;
    try {
      return await victim.split();
    } finally {
      victim.isSearched = false;
    }
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
