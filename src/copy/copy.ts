import type { CopySummary, EventListener } from '../model/events.ts';
import { DynaferryError } from '../model/errors.ts';
import type { CopyPlan } from './copy-plan.ts';

/** What a run does: copy, only tell what it would do, compare both sides by checksum and copy nothing, or copy what failed last time. */
export type CopyMode = 'copy' | 'dry-run' | 'verify' | 'retry-failed';

export interface CopyOptions {
  /** Where state folders of copies lie; `.dynaferry` in the working folder where absent. */
  stateDir?: string;
  onEvent?: EventListener;
  signal?: AbortSignal;
}

/** Where a copy stands, by this machine's state folder. */
export interface CopyStatus {
  copy: string;
  /** Whether another process runs it now. */
  running: boolean;
  /** Of the last run that ended. */
  last?: { finishedMs: number; summary: CopySummary };
  /** Of the run under way. */
  progress?: { updatedMs: number; json: string };
  failedFile?: string;
}

/** A copy from bucket to bucket. */
export class Copy {
  readonly plan: CopyPlan;

  constructor(plan: CopyPlan, _options: CopyOptions) {
    this.plan = plan;
  }

  /** Never throws but for a fault of the program's: failures are in the summary. Refuses with LOCKED where another process runs it. */
  async run(_mode: CopyMode): Promise<CopySummary> {
    throw new DynaferryError('INTERNAL', 'not there yet');
  }

  /** Aborts multipart uploads below the target's prefixes that are older; resolves with how many. */
  async abortStale(_olderThanMs: number): Promise<number> {
    throw new DynaferryError('INTERNAL', 'not there yet');
  }

  status(): CopyStatus {
    throw new DynaferryError('INTERNAL', 'not there yet');
  }

  async close(): Promise<void> {}
}

/** Nothing is contacted yet. */
export function openCopy(plan: CopyPlan, options: CopyOptions = {}): Copy {
  return new Copy(plan, options);
}
