import type {
  Copy,
  CopyMode,
  CopyOptions,
  CopyPlan,
  CopyStatus,
  CopySummary,
  ProgressEvent,
} from '../../../src/index.ts';

/** A summary of nothing, with some of it set. */
export function summaryOf(some: Partial<CopySummary> = {}): CopySummary {
  return {
    type: 'copy-summary',
    ok: true,
    copy: 'a-to-b',
    listed: 0,
    excluded: 0,
    same: 0,
    copied: 0,
    toCopy: 0,
    toCopyBytes: 0,
    vanished: 0,
    failed: 0,
    archived: 0,
    deleted: 0,
    extra: 0,
    bytes: 0,
    retries: 0,
    throttles: 0,
    seconds: 1,
    ...some,
  };
}

/** Copies that do nothing but tell what they were asked, and answer what the test gives them. */
export class FakeCopies {
  readonly asked: { plan: CopyPlan; mode: CopyMode; stateDir: string | undefined }[] = [];
  readonly staleAges: number[] = [];
  status: CopyStatus = { copy: 'a-to-b', running: false };
  events: ProgressEvent[] = [];
  /** What each run ends with, in turn, the last one again and again. */
  answers: (() => CopySummary | Promise<CopySummary>)[] = [() => summaryOf()];

  readonly open = (plan: CopyPlan, options: CopyOptions): Copy => {
    const copy = {
      plan,
      run: async (mode: CopyMode) => {
        this.asked.push({ plan, mode, stateDir: options.stateDir });
        for (const event of this.events) options.onEvent?.(event);
        return (this.answers.length > 1 ? this.answers.shift()! : this.answers[0])();
      },
      abortStale: async (ageMs: number) => {
        this.staleAges.push(ageMs);
        return 3;
      },
      status: () => this.status,
    };
    return copy as unknown as Copy;
  };
}
