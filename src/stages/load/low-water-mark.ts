import type { LoadedCounts } from '../../engine/ledger-totals.ts';

/**
 * Keeps track of batches of one object that are written side by side and finish in any order: up to which line everything is accounted for.
 */
export class LowWaterMark {
  #lines: number;
  #counts: LoadedCounts;
  readonly #waiting: { lines: number; outcome: LoadedCounts | undefined }[] = [];

  constructor(lines: number, { written, skipped, deadLettered }: LoadedCounts) {
    this.#lines = lines;
    this.#counts = { written, skipped, deadLettered };
  }

  /** Lines from the object's beginning that are all accounted for. */
  get lines(): number {
    return this.#lines;
  }

  /** What became of them. */
  get counts(): Readonly<LoadedCounts> {
    return this.#counts;
  }

  /** A batch of so many lines begins; call what it returns with its outcome when it is done. */
  begin(lines: number): (outcome: LoadedCounts) => void {
    const entry: { lines: number; outcome: LoadedCounts | undefined } = { lines, outcome: undefined };
    this.#waiting.push(entry);
    return (outcome) => {
      entry.outcome = outcome;
      this.#advance();
    };
  }

  #advance(): void {
    for (let first; (first = this.#waiting[0]) !== undefined && first.outcome !== undefined; this.#waiting.shift()) {
      this.#lines += first.lines;
      this.#counts.written += first.outcome.written;
      this.#counts.skipped += first.outcome.skipped;
      this.#counts.deadLettered += first.outcome.deadLettered;
    }
  }
}
