/** The stages of a migration that report progress. */
export type StageName = 'inspect' | 'export' | 'transfer' | 'load' | 'verify';

/** Where one stage stands. Counts are totals since the migration began, also over restarts; they only grow. */
export interface StageProgress {
  type: 'progress';
  migration: string;
  stage: StageName;
  /** Items done: read by export, loaded by load, compared by verify. */
  items: number;
  /** How many there are, as far as known; an estimate while the table is being scanned. */
  itemsTotal?: number;
  /** Bytes done: of JSON read by export, of objects transferred, of objects loaded. */
  bytes: number;
  bytesTotal?: number;
  /** Data objects done. */
  objects: number;
  objectsTotal?: number;
  /** Of the items read, those that the filter kept back (export). */
  filtered?: number;
  /** Items set aside (export, load). */
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
}

/** The end of a command; always the last event. Counts are those of `run`; absent stages count 0. */
export interface Summary {
  type: 'summary';
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
  seconds: number;
  /** Set where ok is false. */
  error?: { code: string; message: string; fix: string };
}

export type ProgressEvent = StageProgress | StageState | Notice | Summary;

/** Hears of every event, in order. Must not throw and must not block. */
export type EventListener = (event: ProgressEvent) => void;
