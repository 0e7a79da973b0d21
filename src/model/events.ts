import type { ErrorCode } from './error-catalogue.ts';

/** The stages of a migration that report progress. */
export type StageName = 'export' | 'transfer' | 'load' | 'capture' | 'transfer-changes' | 'apply' | 'verify';

/** Where one stage stands. Counts are totals since the migration began, also over restarts; they only grow. */
export interface StageProgress {
  type: 'progress';
  migration: string;
  stage: StageName;
  /** Items done: read by export, loaded by load, compared by verify; changes read by capture, carried and applied. */
  items: number;
  /** How many there are, as far as known; an estimate while the table is being scanned. */
  itemsTotal?: number;
  /** Bytes done: of JSON read by export and capture, of objects transferred, of objects loaded. */
  bytes: number;
  bytesTotal?: number;
  /** Data objects done. */
  objects: number;
  objectsTotal?: number;
  /** Of the items or changes read, those that the filter kept back (export, capture). */
  filtered?: number;
  /** Items or changes set aside (export, load, capture). */
  deadLettered?: number;
  /** Times that a service asked to slow down. */
  throttles: number;
  /** Failed attempts that were tried again, throttles not counted. */
  retries: number;
}

export interface StageState {
  type: 'stage';
  migration: string;
  stage: StageName;
  /** 'resumed' means that an earlier run had begun it. */
  state: 'started' | 'resumed' | 'finished' | 'failed';
}

/**
 * How far one of the stages of changes lies behind the writes to the source table, over the last five minutes; about once a second while changes get through it or come to
 * wait for it.
 */
export interface LagReport {
  type: 'lag';
  migration: string;
  stage: StageName;
  /** Changes that the figures are of; where there are none, as when the target has been away for long, the figures are absent. */
  changes: number;
  /**
   * Within which time half, and 99 of 100, of them were through the stage, from the write to the source on. DynamoDB tells the time of a write to the second only, so each
   * may be up to a second too long.
   */
  medianMs?: number;
  p99Ms?: number;
  /** Changes that are known to be on their way to the end of this stage. */
  waiting: number;
}

/** Something worth a line on screen that is not progress. Holds no item values. */
export interface Notice {
  type: 'notice';
  migration: string;
  stage?: StageName;
  level: 'info' | 'warning';
  message: string;
}

/** What verification found. */
export interface VerifyCounts {
  equal: number;
  missing: number;
  extra: number;
  different: number;
  /** Items of the source that a rule refuses, so that they cannot be at the target; absent where there is none. */
  refused?: number;
  /** Of a live pair only: differences that were gone, or were no more than the way to the target, when they were looked at again. */
  settled?: number;
  /** Items that both sides changed at every look, so that nothing can be told of them: neither equal nor a difference. */
  changing?: number;
  /** How long the differences had lasted when they were reported, the shortest and the longest; absent where there is none. */
  lastedMs?: { least: number; most: number };
}

/** What became of the changes of the source table that were read since the capture began: read is the sum of all others. */
export interface CapturedChanges {
  read: number;
  /** Made before the capture began. */
  before: number;
  /** Of items that pass the filter neither before nor after the change. */
  filtered: number;
  /** Deletes that are left out, as `replicate` says. */
  skipped: number;
  /** Effects of writes that came from the other site; 0 where changes go one way. */
  echoes: number;
  deadLettered: number;
  /** Written to the change log: items to put at the target, and items to delete there. */
  puts: number;
  deletes: number;
}

/** What became of the changes in the log, by the ledger of this machine; totals since the capture began. */
export interface AppliedChanges {
  /** Have arrived in the target's staging. */
  transferred: number;
  /** Written to the target table. */
  puts: number;
  deletes: number;
  /** Not written, since a later change of the same key was, or the target has one with a greater stamp. */
  superseded: number;
  /** Set aside, and neither tried again with success nor followed by a later change of the same key. */
  deadLettered: number;
  /** All writes to the source table before then (milliseconds since 1970) are at the target; 0 where nothing was applied. */
  throughMs: number;
}

/** What ended a command: `errorCatalogue[code]` says with which exit code, and whether trying again may help. */
export interface Failure {
  code: ErrorCode;
  message: string;
  fix: string;
}

/** The end of a method that moves or verifies data; always its last event. Counts are those of `run`; absent stages count 0. */
export interface Summary {
  type: 'summary';
  migration: string;
  ok: boolean;
  read: number;
  filtered: number;
  passed: number;
  written: number;
  skipped: number;
  deadLettered: number;
  objects: number;
  /** Bytes of data objects transferred. */
  bytes: number;
  verify?: VerifyCounts;
  /** Of capture. */
  captured?: CapturedChanges;
  /** Of the transfer of changes and of apply. */
  applied?: AppliedChanges;
  seconds: number;
  /** Set where ok is false. */
  error?: Failure;
}

/** Where a copy from bucket to bucket stands. Counts are of this run; they only grow. */
export interface CopyProgress {
  type: 'copy';
  /** The copy's name. */
  copy: string;
  /** Objects of the source that were listed so far, and whether that is all of them. */
  listed: number;
  listingDone: boolean;
  /** Objects that are the same at both sides already. */
  same: number;
  /** Objects to copy, as far as listed. */
  objectsTotal: number;
  bytesTotal: number;
  /** Objects that have arrived, and bytes of them and of parts of others. */
  copied: number;
  bytes: number;
  failed: number;
  archived: number;
  deleted: number;
  /** Connections that are used now. */
  connections: number;
  throttles: number;
  retries: number;
}

/** What a dry run would do to an object, or what a comparison found of it. */
export interface CopyDecision {
  type: 'copy-object';
  copy: string;
  /** The key at the source; of an object that only the target has, the key there. */
  key: string;
  action: 'copy' | 'delete' | 'archived';
  /** Why: missing, size, etag, newer, checksum, retry; extra for what only the target has; the storage class of what is archived. */
  reason: string;
  /** Absent of an object that only the target has. */
  sizeBytes?: number;
}

/** Objects that failed with one code. */
export interface FailureKind {
  code: ErrorCode;
  objects: number;
  /** Of one of them. */
  reason: string;
}

/**
 * The end of a copy; the last event. Every object of the source counts once: listed = excluded + same + copied + failed + archived + vanished
 * (+ `toCopy` of a dry run or a comparison).
 */
export interface CopySummary {
  type: 'copy-summary';
  ok: boolean;
  copy: string;
  listed: number;
  /** Left out by prefixes, globs, times and sizes. */
  excluded: number;
  same: number;
  copied: number;
  /** Not yet copied when the run ended: all that a dry run would copy, or what an interrupted one left. */
  toCopy: number;
  toCopyBytes: number;
  /** Removed from the source between listing and reading. */
  vanished: number;
  failed: number;
  /** In an archive (GLACIER, DEEP_ARCHIVE), to be restored first. */
  archived: number;
  /** Objects of the target that the source does not have: deleted, or found where nothing is deleted. */
  deleted: number;
  extra: number;
  /** Bytes of the objects copied. */
  bytes: number;
  retries: number;
  throttles: number;
  seconds: number;
  /** Why objects failed: the commonest kinds, the commonest first; absent where none did. */
  failures?: FailureKind[];
  /** The file that lists what failed, where something did. */
  failedFile?: string;
  /** Set where ok is false. */
  error?: Failure;
}

export type ProgressEvent =
  StageProgress | StageState | LagReport | Notice | Summary | CopyProgress | CopyDecision | CopySummary;

/** Hears of every event, in order. Must not throw and must not block. */
export type EventListener = (event: ProgressEvent) => void;
