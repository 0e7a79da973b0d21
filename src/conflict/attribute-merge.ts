import { DynaferryError } from '../model/errors.ts';
import type { JsonRange, StampedTable } from './stamped-table.ts';
import { deletedSince, type Merge, type Settlement, type StampedChange } from './merge.ts';
import type { Stamp } from '../model/stamp.ts';
import type { Tombstones } from './tombstones.ts';

/** The merge where the application keeps each item's stamp in two attributes of its own. */
export class AttributeMerge implements Merge {
  readonly #table: StampedTable;
  readonly #tombstones: Tombstones;

  constructor(table: StampedTable, tombstones: Tombstones) {
    this.#table = table;
    this.#tombstones = tombstones;
  }

  merge(change: StampedChange, signal: AbortSignal): Promise<boolean> {
    const { image } = change;
    return image === undefined ? this.#delete(change, signal) : this.#put(change, image, signal);
  }

  async settle(settlement: Settlement, signal: AbortSignal): Promise<void> {
    switch (settlement.kind) {
      case 'look':
        await this.#look(settlement, signal);
        return;
      case 'delete':
        await this.#delete(settlement, signal);
        return;
      case 'restore':
        await this.#put(settlement, settlement.image, signal);
        return;
      case 'stamp':
        throw new DynaferryError('INTERNAL', 'the application stamps its items itself');
    }
  }

  /**
   * Writes, then looks whether the item was deleted since; whoever deletes remembers that, then deletes. So of two that meet at least one sees the other. Looked is every time: a
   * process that was killed in between may have written without looking.
   */
  async #put(change: Omit<StampedChange, 'image'>, image: JsonRange, signal: AbortSignal): Promise<boolean> {
    const older = { is: 'older', than: change.stamp } as const;
    const isWritten = await this.#table.put(image, [{ is: 'unstamped' }, older], signal);
    return !(await this.#look(change, signal)) && isWritten;
  }

  async #delete({ identity, key, stamp }: Omit<StampedChange, 'image'>, signal: AbortSignal): Promise<boolean> {
    // Where a newer delete is remembered this one is still made: a process that was killed may have left an older item, not having looked.
    const isNewest = await this.#tombstones.raise(identity, stamp, { removes: false }, signal);
    const olds = [{ is: 'unstamped' }, { is: 'older or same', as: stamp }] as const;
    return (await this.#table.delete(key, olds, signal)) && isNewest;
  }

  /** Deletes an item that may not be there; true where that was so. */
  async #look(
    { identity, key, stamp }: { identity: string; key: JsonRange; stamp: Stamp },
    signal: AbortSignal,
  ): Promise<boolean> {
    const deleted = await deletedSince(this.#tombstones, { identity, stamp }, signal);
    if (deleted === undefined) return false;
    await this.#table.delete(key, [{ is: 'older or same', as: deleted }], signal);
    return true;
  }
}
