import { BATCH_BYTES_MAX, BATCH_ITEMS_MAX, type ItemPutter } from '../../dynamodb/put-items.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import type { KeyChange } from './change-fold.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { RefusalWatch } from './refusal-watch.ts';
import type { Writer, WrittenChanges } from './writer.ts';

export interface WriterOptions {
  putter: ItemPutter;
  pacer: Pacer;
  letters: DeadLetters;
  /** Requests under way at once. */
  concurrency: number;
}

/** Writes changes to the table, in batches side by side, and sets aside those that DynamoDB refuses. */
export class ChangeWriter implements Writer {
  readonly #options: WriterOptions;
  readonly #watch = new RefusalWatch();

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /**
   * Writes changes, no two of which are to one key, in whatever order. Resolves when each is at the target or set aside durably. On failure some may be written; written
   * once more, all end the same.
   */
  async write(changes: Iterable<KeyChange>, signal: AbortSignal): Promise<WrittenChanges> {
    const scope = new AbortController();
    const within = AbortSignal.any([signal, scope.signal]);
    const sums = { puts: 0, deletes: 0 };
    await runPool(
      batchesOf(changes),
      this.#options.concurrency,
      async (batch) => {
        const { puts, deletes } = await this.#writeBatch(batch, within);
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
    this.#watch.note(outcome.written, outcome.refused.length, outcome.refused[0]?.code);
    return sums;
  }

  async again({ change }: DeadLetter, signal: AbortSignal): Promise<boolean> {
    const { putter, pacer } = this.#options;
    const units = Math.ceil((change.end - change.start) / 1024);
    await pacer.acquire(units, signal);
    const { written, consumedUnits } = await putter.putBatch([change], signal);
    pacer.settle(units, consumedUnits);
    return written > 0;
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
