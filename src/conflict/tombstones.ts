import type { Stamp } from '../model/stamp.ts';

/** What is remembered of an item that was deleted. */
export interface Tombstone {
  stamp: Stamp;
  /** When dynaferry last set out to remove the item, in milliseconds since 1970; undefined where only the application did. */
  removedMs: number | undefined;
}

/**
 * The deleted items of one table, by the hash of their keys: what keeps an older put that arrives late from bringing an item back. Both the capture and the apply of a
 * site write and read them. They expire.
 */
export interface Tombstones {
  /** The tombstone of a key (a consistent read); undefined where there is none any more. */
  find(identity: string, signal: AbortSignal): Promise<Tombstone | undefined>;
  /**
   * Remembers a delete unless a newer one is remembered: false then. `removes` says that dynaferry is about to remove the item; a removal that is remembered already
   * is never forgotten by another write.
   */
  raise(identity: string, stamp: Stamp, options: { removes: boolean }, signal: AbortSignal): Promise<boolean>;
  /** Says of a tombstone that dynaferry is about to remove the item. */
  touch(identity: string, signal: AbortSignal): Promise<void>;
}
