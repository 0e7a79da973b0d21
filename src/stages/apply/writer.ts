import type { KeyChange } from './change-fold.ts';
import type { DeadLetter } from './dead-letters.ts';

/** What became of changes that were given to be written. */
export interface WrittenChanges {
  puts: number;
  deletes: number;
}

/** Writes changes to the table, and sets aside those that DynamoDB refuses. */
export interface Writer {
  /**
   * Writes changes, no two of which are to one key, in whatever order. Resolves when each is at the target, has given way to another write, or is set aside durably. On failure some
   * may be written; written once more, all end the same.
   */
  write(changes: Iterable<KeyChange>, signal: AbortSignal): Promise<WrittenChanges>;
  /** Writes one that was set aside; false where it is refused again. */
  again(letter: DeadLetter, signal: AbortSignal): Promise<boolean>;
}
