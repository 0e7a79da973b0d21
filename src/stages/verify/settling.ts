import type { Look } from './recheck.ts';

/**
 * What looking at one item again and again has told: look again; the sides agree, or the target follows; the difference has outlived its time; both
 * sides were written so often that nothing can be told.
 */
export type Verdict = 'again' | 'settled' | 'lasting' | 'changing';

/** A verdict other than `settled` takes so many looks at least: two may meet the moment between a write and its arrival. */
const LOOKS_MIN = 3;

/** One side's version of an item, and since when it is known to be that. */
interface Held {
  version: string;
  sinceMs: number;
}

/**
 * The looks at one item on which the sides do not agree, from the first one on. A target that follows its source has each version of it some time later; so a difference
 * that is more than that shows in a version that stays: at the source, and the target does not come to it, or at the target, and it is none that the source was
 * seen with.
 */
export class Settling {
  readonly #settleMs: number;
  readonly #seenAtSource = new Set<string>();
  #source: Held | undefined;
  #target: Held | undefined;
  #firstMs = 0;
  #looks = 0;

  /** `settleMs` is how long a difference may last. */
  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  /** Takes in a look that was made between two moments of one clock. */
  look({ source, target }: Look, startedMs: number, endedMs: number): Verdict {
    this.#firstMs = this.#looks++ === 0 ? endedMs : this.#firstMs;
    if (source !== undefined) this.#seenAtSource.add(source);
    // Also what the source had at an earlier look: a key that is written all the time is never seen equal.
    if (this.#seenAtSource.has(target)) return 'settled';
    const targetWasOther = this.#target !== undefined && this.#target.version !== target;
    // The source's key is not known; but what writes to the target has it from there.
    if (source === undefined && targetWasOther) return 'settled';
    this.#target = hold(this.#target, target, endedMs);
    if (source !== undefined) this.#source = hold(this.#source, source, endedMs);
    if (this.#looks < LOOKS_MIN) return 'again';
    const sinceMs = Math.min(this.#target.sinceMs, this.#source?.sinceMs ?? Infinity);
    if (startedMs - sinceMs >= this.#settleMs) return 'lasting';
    return startedMs - this.#firstMs >= 2 * this.#settleMs ? 'changing' : 'again';
  }

  /** How long the sides have been seen to differ. */
  lastedMs(nowMs: number): number {
    return Math.round(nowMs - this.#firstMs);
  }
}

function hold(held: Held | undefined, version: string, nowMs: number): Held {
  return held?.version === version ? held : { version, sinceMs: nowMs };
}
