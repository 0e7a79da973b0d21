import type { Stamp } from '../model/stamp.ts';

/** A range of bytes: an item, or a key, as DynamoDB JSON from brace to brace. */
export interface JsonRange {
  bytes: Buffer;
  start: number;
  end: number;
}

/** What must be so of the item that is there for a write to be made. */
export type Condition =
  | { is: 'absent' }
  /** There is no item, or one without a stamp. */
  | { is: 'unstamped' }
  | { is: 'older'; than: Stamp }
  | { is: 'older or same'; as: Stamp }
  /** Its mark is this one, from brace to brace (only where stamps lie in marks of ours). */
  | { is: 'marked'; with: Buffer }
  /** Its mark was set by this origin at an earlier version on what the application had written (the same). */
  | { is: 'settled before'; stamp: Stamp };

/** A table whose items have stamps, wherever these lie. Each method is one write or read of one item; a write is made where any of the conditions holds. */
export interface StampedTable {
  /** Puts a whole item. False where no condition holds. Throws REQUEST_REFUSED where DynamoDB refuses the item. */
  put(item: JsonRange, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean>;
  /** Deletes an item. True also where there was none, unless the condition needs one. */
  delete(key: JsonRange, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean>;
  /** Sets the mark of an item, and nothing else. False where no condition holds or there is no item. */
  mark(key: JsonRange, mark: Buffer, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean>;
  /** The item as it is now (a consistent read); undefined where there is none. */
  read(key: JsonRange, signal: AbortSignal): Promise<Buffer | undefined>;
}
