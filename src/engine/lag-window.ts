/** Bounds of the buckets grow by a tenth: what is told is at most so much too long. */
const BUCKET_RATIO = 1.1;
/** The last bucket holds whatever took longer than its bound, about a month. */
const BUCKETS = 230;
const SLOTS = 30;

interface Slot {
  /** Number of the slot since 1970. */
  number: number;
  counts: Uint32Array;
}

/** How long it took of late: changes that were counted, and the lag that half and 99 of 100 of them were within. */
export interface LagStatistics {
  changes: number;
  medianMs: number;
  p99Ms: number;
}

/**
 * How long changes took of late, as a histogram over some slots of time: memory that does not grow, whatever is counted. Durations are known to a
 * tenth of themselves.
 */
export class LagWindow {
  readonly #slotMs: number;
  readonly #slots: Slot[] = [];

  /** Looks back over so many milliseconds. */
  constructor(windowMs: number) {
    this.#slotMs = Math.ceil(windowMs / SLOTS);
  }

  /** Counts changes that took so long; clocks that differ may make it negative, which counts as none. */
  add(nowMs: number, lagMs: number, changes = 1): void {
    const number = Math.floor(nowMs / this.#slotMs);
    let slot = this.#slots.at(-1);
    if (slot === undefined || slot.number < number) {
      slot = { number, counts: new Uint32Array(BUCKETS) };
      this.#slots.push(slot);
      this.#forget(number);
    }
    slot.counts[bucketOf(lagMs)] += changes;
  }

  /** Of what was counted within the window; undefined where that is nothing. */
  statistics(nowMs: number): LagStatistics | undefined {
    this.#forget(Math.floor(nowMs / this.#slotMs));
    const sums = Array.from({ length: BUCKETS }, () => 0);
    let changes = 0;
    for (const { counts } of this.#slots)
      for (let i = 0; i < BUCKETS; i++) {
        sums[i] += counts[i];
        changes += counts[i];
      }
    if (changes === 0) return undefined;
    return { changes, medianMs: quantile(sums, changes * 0.5), p99Ms: quantile(sums, changes * 0.99) };
  }

  #forget(number: number): void {
    while (this.#slots.length > 0 && this.#slots[0].number <= number - SLOTS) this.#slots.shift();
  }
}

function bucketOf(lagMs: number): number {
  if (lagMs <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(lagMs) / Math.log(BUCKET_RATIO)));
}

/** Upper bound of the bucket that the `rank`-th change lies in, in whole milliseconds. */
function quantile(sums: readonly number[], rank: number): number {
  let seen = 0;
  const bucket = sums.findIndex((count) => (seen += count) >= rank);
  return Math.round(BUCKET_RATIO ** bucket);
}
