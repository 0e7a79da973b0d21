import { compareStamps } from '../model/stamp.ts';
import type { StampedWrite } from './merge.ts';
import type { JsonRange, StampedTable } from './stamped-table.ts';
import type { Tombstones } from './tombstones.ts';

/** Removes an item that was deleted under the write's stamp, which is not less than the item's. */
type Removal = (deletion: StampedWrite, signal: AbortSignal) => Promise<unknown>;

/**
 * Keeps puts from bringing back what was deleted. Whoever puts writes, then looks whether the item was deleted since; whoever deletes remembers that, then deletes. So of
 * two that meet at least one sees the other.
 */
export class PutGuard {
  readonly #table: StampedTable;
  readonly #tombstones: Tombstones;
  readonly #remove: Removal;

  constructor(table: StampedTable, tombstones: Tombstones, remove: Removal) {
    this.#table = table;
    this.#tombstones = tombstones;
    this.#remove = remove;
  }

  /** Puts an item over what is older or has no stamp; true where it is there then. Looked is every time: a process that was killed in between may have written without looking. */
  async put(write: StampedWrite, item: JsonRange, signal: AbortSignal): Promise<boolean> {
    const older = { is: 'older', than: write.stamp } as const;
    const isWritten = await this.#table.put(item, [{ is: 'unstamped' }, older], signal);
    return !(await this.look(write, signal)) && isWritten;
  }

  /** Removes an item that may not be there; true where that was so. */
  async look({ identity, key, stamp }: StampedWrite, signal: AbortSignal): Promise<boolean> {
    const tombstone = await this.#tombstones.find(identity, signal);
    if (tombstone === undefined || compareStamps(tombstone.stamp, stamp) < 0) return false;
    await this.#remove({ identity, key, stamp: tombstone.stamp }, signal);
    return true;
  }
}
