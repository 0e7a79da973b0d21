import { isItemFault } from '../dynamodb/put-items.ts';
import { DynaferryError } from '../model/errors.ts';
import { compareStamps, type Stamp } from '../model/stamp.ts';
import { Marker, markJson, type Mark } from './mark.ts';
import type { Merge, Settlement, StampedChange, StampedWrite } from './merge.ts';
import { PutGuard } from './put-guard.ts';
import type { Condition, JsonRange, StampedTable } from './stamped-table.ts';
import type { Tombstones } from './tombstones.ts';

/** How often an item may change under our hands before that is held for a fault. */
const ATTEMPTS_MAX = 100;

/** By how much the clock of whoever removed an item may differ from the one that dates writes: services refuse what is signed by a clock that is further off. */
const CLOCKS_DIFFER_MS_MAX = 15 * 60_000;

type Marked = Condition & { is: 'marked' };

/**
 * The merge where the application knows nothing of stamps, and they lie in marks of ours. A write of the application is without one until it is captured, so it may be
 * overtaken by an older change from the other site; settling it puts it back.
 */
export class ManagedMerge implements Merge {
  readonly #table: StampedTable;
  readonly #tombstones: Tombstones;
  readonly #guard: PutGuard;
  /** The region of this site. */
  readonly #origin: string;
  readonly #marker = new Marker();

  constructor(table: StampedTable, tombstones: Tombstones, origin: string) {
    this.#table = table;
    this.#tombstones = tombstones;
    this.#guard = new PutGuard(table, tombstones, (deletion, signal) => this.#remove(deletion, signal));
    this.#origin = origin;
  }

  merge(change: StampedChange, signal: AbortSignal): Promise<boolean> {
    const { image } = change;
    return image === undefined ? this.#delete(change, signal) : this.#put(change, image, signal);
  }

  async settle(settlement: Settlement, signal: AbortSignal): Promise<void> {
    switch (settlement.kind) {
      case 'look':
        await this.#guard.look(settlement, signal);
        return;
      case 'delete':
        return this.#settleDelete(settlement, signal);
      case 'stamp':
        return this.#stampWhereItFits(settlement, signal);
      case 'restore':
        throw new DynaferryError(
          'INTERNAL',
          'a write of the application is always stamped greater than what it replaced',
        );
    }
  }

  async #put(change: StampedWrite, image: JsonRange, signal: AbortSignal): Promise<boolean> {
    return this.#guard.put(change, this.#marked(image, change.stamp, false), signal);
  }

  async #delete({ identity, key, stamp }: StampedWrite, signal: AbortSignal): Promise<boolean> {
    const isNewest = await this.#tombstones.raise(identity, stamp, { removes: true }, signal);
    // Where a newer delete is remembered this one is still made: a process that was killed may have left an older item, not having looked. What has no stamp was written since.
    if (!isNewest) await this.#tombstones.touch(identity, signal);
    const older = { is: 'older or same', as: stamp } as const;
    const mark = deleteMark(stamp);
    // So that the stream's record of it says that it is ours.
    if (!(await this.#table.mark(key, mark, isNewest ? [{ is: 'unstamped' }, older] : [older], signal))) return false;
    await this.#table.delete(key, [{ is: 'marked', with: mark }], signal);
    return isNewest;
  }

  async #remove({ identity, key, stamp }: StampedWrite, signal: AbortSignal): Promise<void> {
    // Before it is removed: it may be that a write of the application is removed with it, which settling then puts back.
    await this.#tombstones.touch(identity, signal);
    const mark = deleteMark(stamp);
    if (await this.#table.mark(key, mark, [{ is: 'older or same', as: stamp }], signal))
      await this.#table.delete(key, [{ is: 'marked', with: mark }], signal);
  }

  /** An item that has no room for a mark stays without one. The other site hears of it all the same, and holds it or sets it aside; nothing else may wait for it. */
  async #stampWhereItFits(write: Settlement & { kind: 'stamp' }, signal: AbortSignal): Promise<void> {
    try {
      await this.#stamp(write, signal);
    } catch (error) {
      if (!isItemFault(error)) throw error;
      await this.#lookAfter(write.inserts, write, signal);
    }
  }

  async #stamp(write: Settlement & { kind: 'stamp' }, signal: AbortSignal): Promise<void> {
    const { key, stamp, image, inserts } = write;
    const digest = this.#marker.digest(this.#marker.view(image.bytes, image.start));
    const mark = markJson({ stamp, digest, deletes: false, isBack: false });
    // What stands under such marks was written by the application: this write or a later one, whose own settling follows.
    const plain = [{ is: 'unstamped' }, { is: 'settled before', stamp }] as const;
    let isPlain = !write.isOverOurs;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (isPlain && (await this.#table.mark(key, mark, plain, signal))) return this.#lookAfter(inserts, write, signal);
      isPlain = true;
      const found = await this.#table.read(key, signal);
      const way = found === undefined ? await this.#wayBack(write, signal) : this.#wayOver(found, stamp);
      if (way.is === 'leave') return this.#lookAfter(inserts, write, signal);
      if (way.is === 'again') continue;
      if (way.is === 'mark') {
        if (await this.#table.mark(key, mark, [way.where], signal)) return this.#lookAfter(inserts, write, signal);
      } else if (await this.#table.put(this.#marked(image, stamp, true), [way], signal))
        return this.#lookAfter(true, write, signal);
    }
    throw new DynaferryError('INTERNAL', `an item changed ${ATTEMPTS_MAX} times while it was being settled`);
  }

  /** Whoever puts an item where there was none looks whether it was deleted since. */
  async #lookAfter(inserts: boolean, write: StampedWrite, signal: AbortSignal): Promise<void> {
    if (inserts) await this.#guard.look(write, signal);
  }

  /** Where the item is gone: put back only what we have removed. What the application removed its stream tells of. */
  async #wayBack(
    { identity, stamp, writtenMs }: Settlement & { kind: 'stamp' },
    signal: AbortSignal,
  ): Promise<{ is: 'leave' } | { is: 'absent' }> {
    const tombstone = await this.#tombstones.find(identity, signal);
    if (tombstone?.removedMs === undefined || compareStamps(tombstone.stamp, stamp) >= 0) return { is: 'leave' };
    const isOurs = tombstone.removedMs >= writtenMs - CLOCKS_DIFFER_MS_MAX;
    return isOurs ? { is: 'absent' } : { is: 'leave' };
  }

  /** Where something else is there: put back over what we have written under a lesser stamp; what the application has made of it is stamped. */
  #wayOver(found: Buffer, stamp: Stamp): { is: 'leave' } | { is: 'again' } | { is: 'mark'; where: Marked } | Marked {
    const item = this.#marker.view(found);
    const mark = this.#marker.read(item);
    const bytes = this.#marker.bytesOf(item);
    if (bytes === undefined) return { is: 'again' };
    const where: Marked = { is: 'marked', with: bytes };
    // Somebody else's attribute of this name is none of ours.
    if (mark === undefined) return { is: 'mark', where };
    if (compareStamps(mark.stamp, stamp) >= 0) return { is: 'leave' };
    return mark.deletes || mark.digest === this.#marker.digest(item) ? where : { is: 'mark', where };
  }

  async #settleDelete({ identity, key, stamp }: StampedWrite, signal: AbortSignal): Promise<void> {
    if (!(await this.#tombstones.raise(identity, stamp, { removes: false }, signal))) return;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const found = await this.#table.read(key, signal);
      if (found === undefined) return;
      const item = this.#marker.view(found);
      const mark = this.#marker.read(item);
      const bytes = this.#marker.bytesOf(item);
      // Without a mark, the application has put it there since.
      if (mark === undefined || bytes === undefined || compareStamps(mark.stamp, stamp) > 0) return;
      const ours = deleteMark(stamp);
      if (!mark.deletes) {
        if (!this.#isOurs(mark) || mark.digest !== this.#marker.digest(item)) return;
        await this.#tombstones.touch(identity, signal);
        if (!(await this.#table.mark(key, ours, [{ is: 'marked', with: bytes }], signal))) continue;
      }
      if (await this.#table.delete(key, [{ is: 'marked', with: mark.deletes ? bytes : ours }], signal)) return;
    }
    throw new DynaferryError('INTERNAL', `an item changed ${ATTEMPTS_MAX} times while its delete was being settled`);
  }

  #isOurs({ stamp, isBack }: Mark): boolean {
    return stamp.origin !== this.#origin || isBack;
  }

  #marked(image: JsonRange, stamp: Stamp, isBack: boolean): JsonRange {
    const view = this.#marker.view(image.bytes, image.start);
    const bytes = this.#marker.marked(view, { stamp, digest: this.#marker.digest(view), deletes: false, isBack });
    return { bytes, start: 0, end: bytes.length };
  }
}

/** What an item is marked with before we delete it. */
function deleteMark(stamp: Stamp): Buffer {
  return markJson({ stamp, digest: undefined, deletes: true, isBack: false });
}
