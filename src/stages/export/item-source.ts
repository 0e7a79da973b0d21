import type { ItemView } from '../../model/item.ts';

/** A piece of a source that was read in one go. */
export interface SourcePage {
  /** Calls `onItem` for every item, `view` holding it; returns what the page accounts for. May be called once. */
  forEach(view: ItemView, onItem: (item: ItemView) => void): PageAccount;
}

export interface PageAccount {
  /** Items that were read at the source, including those that never came because the filter was pushed down. */
  read: number;
  /** Items that `onItem` was called for. */
  seen: number;
  /** JSON bytes. */
  bytes: number;
  /** Where to go on behind this page; undefined at the end of the segment. */
  checkpoint: Buffer | undefined;
}

/** What an export reads: a table or a native export. Cut into segments that are read side by side, each from its checkpoint on. */
export interface ItemSource {
  readonly segments: number;
  /** How many items there are, about. */
  readonly itemsEstimate: number | undefined;
  pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncIterable<SourcePage>;
}
