import type { EventListener } from '../model/events.ts';
import type { ReadProgress } from '../stages/inspect/read-items.ts';

/** How a migration is opened. */
export interface OpenOptions {
  /** Where ledgers are kept; `.dynaferry` beside the migration file unless told. */
  stateDir?: string;
  /** Hears of all progress. */
  onEvent?: EventListener;
  /** Ends what runs: work in hand is saved first. */
  signal?: AbortSignal;
  /** Environment that keys (`env:NAME`) and credentials (`env:PREFIX_`) are read from; the process's own unless told. */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface InspectRequest {
  /** Items to read, or all; 10,000 unless told. */
  sample?: number | 'all';
  /** Example values for each path; none unless told. */
  examples?: number;
  onProgress?: (progress: ReadProgress) => void;
}

export interface CaptureRequest {
  /** Forget an earlier capture of this migration and begin a new one; an export must follow. */
  restart?: boolean;
  /** End when all changes are captured that were made before the call; without end where false. */
  untilCaughtUp?: boolean;
  /** Take these incremental exports by DynamoDB in place of the stream, each the URI of an export's folder; ends with the last of them. */
  from?: readonly string[];
}

export interface RunRequest {
  /** Forget an earlier export of this migration and begin a new one. */
  restart?: boolean;
  /** Leave verification out. */
  skipVerify?: boolean;
  /** Capture changes from before the export on, and apply them after the load, without end; verification is left to `cutover`. */
  live?: boolean;
}

export interface TransferRequest {
  /** Carry changes in place of an export… */
  changes?: boolean;
  /** …until all that is captured at the time has been carried; without end unless told. */
  untilCaughtUp?: boolean;
}

export interface ApplyRequest {
  /** Begin with what was set aside before: its cause may have been mended. */
  retryDeadLetters?: boolean;
  /** End when all that has arrived at the time is applied; without end unless told. */
  untilCaughtUp?: boolean;
  /** Apply changes although no export was loaded before: the target holds what the source held when capture began. */
  withoutLoad?: boolean;
}

export interface ReplicateRequest {
  /** End when all that was written before the call is at the target; without end unless told. */
  untilCaughtUp?: boolean;
  /** As of ApplyRequest. */
  withoutLoad?: boolean;
}

export interface VerifyRequest {
  /** Do one site's half, with its credentials alone; both unless told. */
  site?: 'source' | 'target';
  /**
   * Look at differences again until they settle or have lasted so long, since the tables are written to; 0 for tables at rest, where one more look must do. A minute unless told where
   * the file has a section `replicate`, else 0.
   */
  settleMs?: number;
}
