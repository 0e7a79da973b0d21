import type { Copy, CopyMode, CopyOptions, CopyPlan, CopySummary, ProgressEvent } from '../../index.ts';
import { secondsAtCaps } from '../../copy/bandwidth.ts';
import { exitCodeOf, printFailure } from '../failure.ts';
import { showCopy } from '../progress/copy-view.ts';
import type { Session } from '../session.ts';
import { copySummaryText, differences, type CopySummaryOf } from '../text/copy-summary-text.ts';
import { size } from '../text/quantities.ts';
import { Decisions } from './decisions.ts';

/** Opens a copy; tests have one of their own. */
export type OpenCopy = (plan: CopyPlan, options: CopyOptions) => Copy;

export interface CopyRun {
  plan: CopyPlan;
  mode: CopyMode;
  stateDir: string;
  signal: AbortSignal;
  open: OpenCopy;
}

const EXIT_DIFFERENT = 7;
const EXIT_INCOMPLETE = 8;

/** One run, with its progress and its summary shown; resolves with its exit code. */
export async function runOnce(session: Session, { plan, mode, stateDir, signal, open }: CopyRun): Promise<number> {
  const view = showCopy(session);
  const decisions = mode === 'dry-run' || mode === 'verify' ? new Decisions(session) : undefined;
  const onEvent = (event: ProgressEvent): void => {
    decisions?.hear(event);
    view.hear(event);
  };
  const copy = open(plan, { stateDir, onEvent, signal });
  const lastRun = mode === 'dry-run' ? copy.status().last?.summary : undefined;
  const summary = await copy.run(mode).finally(() => view.close());
  decisions?.close();
  const estimate = mode === 'dry-run' ? estimateOf(plan, summary.toCopyBytes, lastRun) : undefined;
  report(session, summary, { mode, deletes: plan.deleteExtra, byReason: decisions?.byReason ?? new Map(), estimate });
  return copyExitCode(summary, mode, plan.deleteExtra);
}

/** What a run ends with: 0 where nothing is left to do. */
function copyExitCode(summary: CopySummary, mode: CopyMode, deletes: boolean): number {
  if (summary.error !== undefined) return exitCodeOf(summary.error.code);
  if (mode === 'verify' && differences(summary, deletes) > 0) return EXIT_DIFFERENT;
  if (summary.failed + summary.archived > 0) return EXIT_INCOMPLETE;
  return summary.ok ? 0 : exitCodeOf('INTERNAL');
}

function report(session: Session, summary: CopySummary, of: CopySummaryOf): void {
  if (session.json) {
    session.printJson(
      of.estimate === undefined ? summary : { ...summary, estimatedSeconds: Math.round(of.estimate.seconds) },
    );
    return;
  }
  const { error } = summary;
  // Differences and objects that are left are what the summary tells of.
  if (error !== undefined) printFailure(session, error);
  if (error?.code === 'LOCKED') return;
  if (error === undefined || summary.listed > 0) session.print(copySummaryText(summary, of, session));
}

/** By the cap where there is one, which is a promise; else by what the last run has really moved; else not at all. */
function estimateOf(plan: CopyPlan, bytes: number, last: CopySummary | undefined): CopySummaryOf['estimate'] {
  const seconds = secondsAtCaps(plan.bandwidth, bytes, Date.now());
  if (seconds !== undefined) return { seconds, by: 'at the bandwidth that is set' };
  if (last === undefined || last.bytes === 0 || last.seconds === 0) return undefined;
  const goodput = last.bytes / last.seconds;
  return { seconds: bytes / goodput, by: `at the last run's ${size(goodput)}/s` };
}
