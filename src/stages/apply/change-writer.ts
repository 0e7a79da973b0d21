import { BATCH_BYTES_MAX, BATCH_ITEMS_MAX, type ItemPutter, type PutOutcome } from '../../dynamodb/put-items.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { KeyChange } from './change-fold.ts';
import type { DeadLetters } from './dead-letters.ts';

/** When so many changes are refused and none is written, something is wrong with all of them. */
const REFUSED_IN_A_ROW_MAX = 1000;

export interface WriterOptions {
  putter: ItemPutter;
  pacer: Pacer;
  letters: DeadLetters;
  /** Requests under way at once. */
  concurrency: number;
  signal: AbortSignal;
}

/** What became of changes that were given to be written. */
export interface WrittenChanges {
  puts: number;
  deletes: number;
}

/** Writes changes to the table, in batches side by side, and sets aside those that DynamoDB refuses. */
export class ChangeWriter {
  readonly #options: WriterOptions;
  #written = 0;
  #refused = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /**
   * Writes changes, no two of which are to one key, in whatever order. Resolves when each is at the target or set aside durably. On failure some may be written; written
   * once more, all end the same.
   */
  async write(changes: Iterable<KeyChange>): Promise<WrittenChanges> {
    const scope = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, scope.signal]);
    const sums = { puts: 0, deletes: 0 };
    await runPool(
      batchesOf(changes),
      this.#options.concurrency,
      async (batch) => {
        const { puts, deletes } = await this.#writeBatch(batch, signal);
        sums.puts += puts;
        sums.deletes += deletes;
      },
      scope,
    );
    return sums;
  }

  async #writeBatch(batch: readonly KeyChange[], signal: AbortSignal): Promise<WrittenChanges> {
    const { putter, pacer, letters } = this.#options;
    const reserved = batch.reduce((units, change) => units + unitsOf(change), 0);
    await pacer.acquire(reserved, signal);
    const outcome = await putter.putBatch(batch, signal);
    pacer.settle(reserved, outcome.consumedUnits);
    const refused = new Map(outcome.refused.map((one) => [one.item, one]));
    const sums = { puts: 0, deletes: 0 };
    for (const change of batch) {
      const refusal = refused.get(change);
      if (refusal !== undefined) await letters.add(change, refusal, signal);
      else {
        await letters.settle(change, signal);
        sums[change.deletes === true ? 'deletes' : 'puts']++;
      }
    }
    this.#watch(outcome);
    return sums;
  }

  #watch({ written, refused }: PutOutcome): void {
    this.#written += written;
    this.#refused += refused.length;
    if (this.#written > 0 || this.#refused < REFUSED_IN_A_ROW_MAX) return;
    throw new DynaferryError(
      'DEAD_LETTERS',
      `the target refuses every change (${refused[0]?.code ?? 'no code'}); stopped after ${this.#refused} of them`,
      {
        fix: 'Read the dead letters in the target staging; the key or the size of the items does not suit the table.',
      },
    );
  }
}

/** A delete costs as much as the item that it removes, which is not known before. */
function unitsOf({ deletes, start, end }: KeyChange): number {
  return deletes === true ? 1 : Math.ceil((end - start) / 1024);
}

function* batchesOf(changes: Iterable<KeyChange>): Generator<KeyChange[]> {
  let batch: KeyChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const length = change.end - change.start;
    if (batch.length === BATCH_ITEMS_MAX || (bytes + length > BATCH_BYTES_MAX && batch.length > 0)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(change);
    bytes += length;
  }
  if (batch.length > 0) yield batch;
}
