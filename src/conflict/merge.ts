import { compareStamps, type Stamp } from '../model/stamp.ts';
import type { JsonRange } from './stamped-table.ts';
import type { Tombstones } from './tombstones.ts';

/** A change of one item that was made at the other site. */
export interface StampedChange {
  /** One text per key (KeyReader.identity). */
  identity: string;
  key: JsonRange;
  /** The item as it is to be; undefined where it is to be deleted. */
  image: JsonRange | undefined;
  stamp: Stamp;
}

interface OwnWrite {
  identity: string;
  key: JsonRange;
  stamp: Stamp;
}

/** What a write by this site's application leaves to be done in this site's own table, so that the table agrees with the stamps. */
export type Settlement =
  /** An item came to be where there was none: it may have been deleted by a greater stamp. */
  | (OwnWrite & { kind: 'look' })
  /** It was deleted. */
  | (OwnWrite & { kind: 'delete' })
  /** It was replaced by one with a lesser stamp: what it was counts. */
  | (OwnWrite & { kind: 'restore'; image: JsonRange })
  /** It was written, and has no stamp of this write yet. */
  | (OwnWrite & {
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

/** The stamp under which a key was deleted, where that is not less than this one; undefined where the item may be there. */
export async function deletedSince(
  tombstones: Tombstones,
  { identity, stamp }: { identity: string; stamp: Stamp },
  signal: AbortSignal,
): Promise<Stamp | undefined> {
  const tombstone = await tombstones.find(identity, signal);
  return tombstone !== undefined && compareStamps(tombstone.stamp, stamp) >= 0 ? tombstone.stamp : undefined;
}
