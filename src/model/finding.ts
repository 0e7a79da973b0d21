/**
 * How much a finding weighs: an error stops a migration, a warning deserves a decision, a note is good to know, and 'unknown' says that a check
 * could not be made, which is neither good nor bad news.
 */
export type FindingSeverity = 'error' | 'warning' | 'note' | 'unknown';

/** Something that preflight or inspect reports. Names tables, indexes and attributes, never an item's values. */
export interface Finding {
  severity: FindingSeverity;
  /** Stable, in capitals, for programs to act on. */
  code: string;
  message: string;
  /** What to do about it. */
  fix: string;
}
