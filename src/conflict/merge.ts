import type { Stamp } from '../model/stamp.ts';
import type { JsonRange } from './stamped-table.ts';

/** A write of one item. */
export interface StampedWrite {
  /** One text per key (KeyReader.identity). */
  identity: string;
  key: JsonRange;
  stamp: Stamp;
}

/** A write that was made at the other site. */
export interface StampedChange extends StampedWrite {
  /** The item as it is to be; undefined where it is to be deleted. */
  image: JsonRange | undefined;
}

/** What a write by this site's application leaves to be done in this site's own table, so that the table agrees with the stamps. */
export type Settlement =
  /** An item came to be where there was none: it may have been deleted by a greater stamp. */
  | (StampedWrite & { kind: 'look' })
  /** It was deleted. */
  | (StampedWrite & { kind: 'delete' })
  /** It was replaced by one with a lesser stamp: what it was counts. */
  | (StampedWrite & { kind: 'restore'; image: JsonRange })
  /** It was written, and has no stamp of this write yet. */
  | (StampedWrite & {
      kind: 'stamp';
      image: JsonRange;
      /** Whether it was made of an item with a mark that we had put there with its content. */
      isOverOurs: boolean;
      /** Whether there was no item before. */
      inserts: boolean;
      writtenMs: number;
    });

/**
 * One site's table and its tombstones, and the rule by which they take in writes: the greater stamp stays. Taking in the same writes in another order, or some of
 * them again, ends the same (docs/replication.md says why).
 */
export interface Merge {
  /** Takes in a change from the other site. False where something with a greater stamp, or the same change, was there already. */
  merge(change: StampedChange, signal: AbortSignal): Promise<boolean>;
  /** Does what a write at this site leaves to be done. */
  settle(settlement: Settlement, signal: AbortSignal): Promise<void>;
}
