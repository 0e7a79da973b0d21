import { compareKeys } from '../../../s3/compare-keys.ts';
import type { PageObject } from '../../../s3/page-object.ts';
import type { PrefixPair } from '../copy-options.ts';
import { findSplit } from './find-split.ts';
import { PageStream, type Lister } from './page-stream.ts';

/** Below the prefixes of both sides: where dynaferry keeps what it has to remember of a copy. Never copied, compared or deleted. */
export const STATE_PREFIX = '.dynaferry/';
const STATE_BYTES = Buffer.from(STATE_PREFIX);

/** Source and target entry of the same relative key; at least one of the two is there. Of use until the next pairs are asked for. */
export interface ListedPair {
  source?: PageObject;
  target?: PageObject;
}

export interface ListingCounts {
  source: number;
  target: number;
}

/** What all ranges of a comparison have in common. */
export interface RangeContext {
  source: Lister;
  target: Lister;
  /** Counted up as it goes. */
  counts: ListingCounts;
  signal: AbortSignal;
}

/** Part of the keys behind a pair of prefixes: those behind `after`, up to and with `until`. */
interface RangeBounds {
  after?: string;
  until?: string;
}

/** Merges the two listings of a range of keys, from which the end may be split off at any time. Keys are what stands behind the prefix. */
export class KeyRange {
  readonly pair: PrefixPair;
  /** Objects listed, as a sign of how many there are still to come: what took long so far will take long. Halved with the range. */
  weight = 0;
  /** Whether a search for a place to split is under way, or found none. */
  isSearched = false;
  isIndivisible = false;
  readonly #context: RangeContext;
  readonly #source: PageStream;
  readonly #target: PageStream;
  #until: string | undefined;
  /** Nothing was found behind it; only a hint for the search. */
  #ceiling: string | undefined;
  /** The last key that was given out or left out. */
  #position: string | undefined;

  constructor(context: RangeContext, pair: PrefixPair, bounds: RangeBounds = {}) {
    this.pair = pair;
    this.#context = context;
    this.#until = this.#ceiling = bounds.until;
    this.#position = bounds.after;
    const open = (bucket: Lister, prefix: string): PageStream =>
      new PageStream(
        bucket,
        prefix,
        bounds.after === undefined ? undefined : prefix + bounds.after,
        (lastKey) => this.#until === undefined || compareKeys(lastKey, this.#until, prefix.length) < 0,
        context.signal,
      );
    this.#source = open(context.source, pair.source);
    this.#target = open(context.target, pair.target);
  }

  /** The next pairs, in order; undefined behind the last. Rejects with what a request fails with. */
  async next(): Promise<ListedPair[] | undefined> {
    for (;;) {
      if (this.#source.isDry || this.#target.isDry) await Promise.all([this.#source.fill(), this.#target.fill()]);
      const pairs: ListedPair[] = [];
      const goesOn = this.#merge(pairs);
      if (pairs.length > 0) return pairs;
      if (!goesOn) return undefined;
    }
  }

  /** Behind which key there may be some that are not listed yet; undefined where there are none, or it is not known. */
  get frontier(): string | undefined {
    let frontier: string | undefined;
    for (const stream of [this.#source, this.#target]) {
      if (!stream.hasMore) continue;
      const last = stream.lastRest;
      if (last === undefined) return undefined;
      if (frontier === undefined || compareKeys(last, frontier) < 0) frontier = last;
    }
    const end = this.#ceiling;
    return frontier !== undefined && (end === undefined || compareKeys(frontier, end) < 0) ? frontier : undefined;
  }

  /** Splits off the end of the range, and gives it; undefined where no place for that was found, or it came too late. */
  async split(): Promise<KeyRange | undefined> {
    const after = this.frontier;
    if (after === undefined) return undefined;
    const until = this.#ceiling;
    const prefixBytes = Math.max(Buffer.byteLength(this.pair.source), Buffer.byteLength(this.pair.target));
    const { at, ceiling } = await findSplit({ after, until }, prefixBytes, (place, end) => this.#probe(place, end));
    this.#ceiling = ceiling;
    this.isIndivisible = at === undefined;
    // Meanwhile the merge went on, maybe beyond the place.
    if (at === undefined || (this.#position !== undefined && compareKeys(at, this.#position) < 0)) return undefined;
    const rest = new KeyRange(this.#context, this.pair, { after: at, until: this.#until });
    rest.#ceiling = ceiling;
    rest.weight = this.weight /= 2;
    this.#until = this.#ceiling = at;
    return rest;
  }

  async #probe(after: string, until: string | undefined): Promise<string | undefined> {
    const { source, target, signal } = this.#context;
    for (const [bucket, prefix] of [
      [source, this.pair.source],
      [target, this.pair.target],
    ] as const) {
      const page = await bucket.listPage(prefix, { startAfter: prefix + after, maxKeys: 1, signal });
      const key = page.objects[0]?.key.slice(prefix.length);
      page.release();
      if (key !== undefined && (until === undefined || compareKeys(key, until) <= 0)) return key;
    }
    return undefined;
  }

  /** Adds pairs until a page is used up; whether there may be further ones. Never waits: a split changes the range's end only between two calls. */
  #merge(pairs: ListedPair[]): boolean {
    const { counts } = this.#context;
    const source = this.#source;
    const target = this.#target;
    const untilOf = this.#endsIn(source) || this.#endsIn(target) ? this.#until : undefined;
    let isPast = false;
    let last: PageObject | undefined;
    let lastSide = source;
    let sources = 0;
    let targets = 0;
    while (!source.isDry && !target.isDry) {
      const left = source.first;
      const right = target.first;
      let order = 0;
      if (left === undefined) {
        if (right === undefined) {
          isPast = true;
          break;
        }
        order = 1;
      } else order = right === undefined ? -1 : left.compareKey(source.prefixBytes, right, target.prefixBytes);
      const first = (order <= 0 ? left : right) as PageObject;
      const side = order <= 0 ? source : target;
      if (untilOf !== undefined && compareKeys(first.key, untilOf, side.prefix.length) > 0) {
        isPast = true;
        break;
      }
      if (order <= 0) source.advance();
      if (order >= 0) target.advance();
      last = first;
      lastSide = side;
      if (first.hasInKey(side.prefixBytes, STATE_BYTES)) continue;
      if (order <= 0) sources++;
      if (order >= 0) targets++;
      pairs.push({ source: order <= 0 ? left : undefined, target: order >= 0 ? right : undefined });
    }
    if (last !== undefined) this.#position = last.key.slice(lastSide.prefix.length);
    counts.source += sources;
    counts.target += targets;
    this.weight += Math.max(sources, targets);
    return !isPast;
  }

  /** Whether the end of the range may lie within the stream's page. */
  #endsIn(stream: PageStream): boolean {
    const { lastRest } = stream;
    return this.#until !== undefined && lastRest !== undefined && compareKeys(lastRest, this.#until) > 0;
  }
}
