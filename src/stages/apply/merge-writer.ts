import type { Merge, StampedChange } from '../../conflict/merge.ts';
import { isItemFault } from '../../dynamodb/put-items.ts';
import { runPool } from '../../engine/pool.ts';
import { DynaferryError } from '../../model/errors.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { keyAttributes, KeyReader, type KeySchema } from '../../model/key.ts';
import type { KeyChange } from './change-fold.ts';
import type { DeadLetter, DeadLetters } from './dead-letters.ts';
import { RefusalWatch } from './refusal-watch.ts';
import type { Writer, WrittenChanges } from './writer.ts';

export interface MergeWriterOptions {
  merge: Merge;
  key: KeySchema;
  letters: DeadLetters;
  /** Changes under way at once. */
  concurrency: number;
}

/** Writes changes that have stamps, one by one, each unless the table has a greater one. */
export class MergeWriter implements Writer {
  readonly #options: MergeWriterOptions;
  readonly #watch = new RefusalWatch();
  readonly #view: ItemView;
  readonly #keys: KeyReader;

  constructor(options: MergeWriterOptions) {
    this.#options = options;
    this.#view = new ItemView(new NameTable(keyAttributes(options.key).map(({ name }) => name)));
    this.#keys = new KeyReader(options.key, (name) => this.#view.names.idOf(name));
  }

  async write(changes: Iterable<KeyChange>, signal: AbortSignal): Promise<WrittenChanges> {
    const scope = new AbortController();
    const within = AbortSignal.any([signal, scope.signal]);
    const sums = { puts: 0, deletes: 0 };
    await runPool(
      changes,
      this.#options.concurrency,
      async (change) => {
        if (await this.#writeOne(change, within)) sums[change.deletes === true ? 'deletes' : 'puts']++;
      },
      scope,
    );
    return sums;
  }

  async again({ change }: DeadLetter, signal: AbortSignal): Promise<boolean> {
    const { merge } = this.#options;
    this.#view.read(change.bytes, change.keyStart);
    const identity = this.#keys.identity(this.#view);
    if (identity === undefined) throw new DynaferryError('DATA_DAMAGED', 'a dead letter of the target has another key');
    try {
      // Where something newer has come by now, it is done, too.
      await merge.merge(stamped({ ...change, identity }), signal);
      return true;
    } catch (error) {
      if (isItemFault(error)) return false;
      throw error;
    }
  }

  async #writeOne(change: KeyChange, signal: AbortSignal): Promise<boolean> {
    const { merge, letters } = this.#options;
    try {
      const isWritten = await merge.merge(stamped(change), signal);
      this.#watch.note(1, 0, undefined);
      await letters.settle(change, signal);
      return isWritten;
    } catch (error) {
      if (!isItemFault(error)) throw error;
      const { serviceCode: code = '', serviceMessage: reason = '' } = error;
      await letters.add(change, { item: change, code, reason }, signal);
      this.#watch.note(0, 1, code);
      return false;
    }
  }
}

function stamped({ bytes, start, end, deletes, keyStart, keyEnd, identity, stamp }: KeyChange): StampedChange {
  if (stamp === undefined) throw new DynaferryError('DATA_DAMAGED', 'a change has no stamp');
  const image = deletes === true ? undefined : { bytes, start, end };
  return { identity, stamp, key: { bytes, start: keyStart, end: keyEnd }, image };
}
