import { DynaferryError } from '../model/errors.ts';
import type { Merge, Settlement, StampedChange, StampedWrite } from './merge.ts';
import { PutGuard } from './put-guard.ts';
import type { StampedTable } from './stamped-table.ts';
import type { Tombstones } from './tombstones.ts';

/** The merge where the application keeps each item's stamp in two attributes of its own. */
export class AttributeMerge implements Merge {
  readonly #table: StampedTable;
  readonly #tombstones: Tombstones;
  readonly #guard: PutGuard;

  constructor(table: StampedTable, tombstones: Tombstones) {
    this.#table = table;
    this.#tombstones = tombstones;
    this.#guard = new PutGuard(table, tombstones, ({ key, stamp }, signal) =>
      table.delete(key, [{ is: 'older or same', as: stamp }], signal),
    );
  }

  merge(change: StampedChange, signal: AbortSignal): Promise<boolean> {
    const { image } = change;
    return image === undefined ? this.#delete(change, signal) : this.#guard.put(change, image, signal);
  }

  async settle(settlement: Settlement, signal: AbortSignal): Promise<void> {
    switch (settlement.kind) {
      case 'look':
        await this.#guard.look(settlement, signal);
        return;
      case 'delete':
        await this.#delete(settlement, signal);
        return;
      case 'restore':
        await this.#guard.put(settlement, settlement.image, signal);
        return;
      case 'stamp':
        throw new DynaferryError('INTERNAL', 'the application stamps its items itself');
    }
  }

  async #delete({ identity, key, stamp }: StampedWrite, signal: AbortSignal): Promise<boolean> {
    // Where a newer delete is remembered this one is still made: a process that was killed may have left an older item, not having looked.
    const isNewest = await this.#tombstones.raise(identity, stamp, { removes: false }, signal);
    const olds = [{ is: 'unstamped' }, { is: 'older or same', as: stamp }] as const;
    return (await this.#table.delete(key, olds, signal)) && isNewest;
  }
}
