import type { ByteWriter } from '../../model/byte-writer.ts';
import type { ItemView, NameTable } from '../../model/item.ts';
import type { KeySchema } from '../../model/key.ts';
import type { Sealer } from '../../staging/seal.ts';

export type SideName = 'source' | 'target';

/** What verification needs of a policy. `apply` throws RuleError for an item that a rule refuses. */
export interface ItemPolicy {
  readonly names: NameTable;
  apply(item: ItemView, out: ByteWriter): 'passed' | 'filtered';
}

/** Items that were read in one go. */
export interface ItemPage {
  /**
   * Calls `onItem` for every item, `view` holding it. `read` counts also items that a pushed-down filter kept back; `checkpoint` is where to go on,
   * undefined at the segment's end.
   */
  forEach(view: ItemView, onItem: (item: ItemView) => void): { read: number; checkpoint: Buffer | undefined };
}

/** One side's items, cut into segments; a paced scan of a table or a native export. It can be read any number of times. */
export interface ItemPages {
  readonly segments: number;
  /** How many items there are, about. */
  readonly itemsEstimate: number | undefined;
  pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncIterable<ItemPage>;
}

/** How one side is read. */
export interface SideSettings {
  items: ItemPages;
  /** Names what is read, such as the table's ARN: progress made on something else is not used. */
  of: string;
  /** Segments read at the same time; each holds one page in memory. */
  concurrency: number;
  /** For what would otherwise lie readable on disk: positions, and keys as they are before the policy. */
  sealer: Sealer;
}

/** Where one segment stands: sealed checkpoint behind the last item read, null at its beginning. */
export interface SegmentPosition {
  sealed: string | null;
  done: boolean;
}

/** What two sides must have in common for their digests to be comparable. */
export interface Subject {
  policyHash: string;
  /** The target table's key: items are matched by it, at the source after the policy. */
  keySchema: KeySchema;
  /** Top-level attributes that are left out of the comparison. */
  ignore: readonly string[];
}
