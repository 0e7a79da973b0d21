import { Pacer } from '../engine/pacer.ts';
import type { LimitSettings, MigrationFile } from './file/migration-file.ts';

/**
 * The caps of one or several migrations that run together. A cap in units or bytes holds over all of them together, at the smallest that any of
 * them names; a share is of one table's own capacity, so each table has its own.
 */
export class Limits {
  readonly bandwidth: Pacer;
  readonly #read: Pacer | undefined;
  readonly #write: Pacer | undefined;

  constructor(files: readonly MigrationFile[]) {
    const smallest = (of: (limits: LimitSettings) => number | undefined): number =>
      Math.min(...files.map((file) => of(file.limits) ?? Infinity));
    const shared = (rate: number): Pacer | undefined => (rate === Infinity ? undefined : new Pacer(rate));
    this.bandwidth = new Pacer(smallest((limits) => limits.bandwidthBytesPerSecond));
    this.#read = shared(smallest((limits) => limits.readUnits));
    this.#write = shared(smallest((limits) => limits.writeUnits));
  }

  /** Paces reads of a table that can serve `capacityUnits` a second. */
  read(limits: LimitSettings, capacityUnits: number): Pacer {
    return this.#read ?? new Pacer(shareOf(limits.readShare, capacityUnits));
  }

  /** Paces writes to a table that can serve `capacityUnits` a second. */
  write(limits: LimitSettings, capacityUnits: number): Pacer {
    return this.#write ?? new Pacer(shareOf(limits.writeShare, capacityUnits));
  }
}

function shareOf(share: number | undefined, capacityUnits: number): number {
  // An emulator may say that a table has no capacity.
  return share === undefined || capacityUnits <= 0 ? Infinity : Math.max(1, share * capacityUnits);
}
