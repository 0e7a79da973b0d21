import type { CopyMode, CopyPlan } from '../../index.ts';
import { asDynaferryError } from '../../model/errors.ts';
import { AGE_PATTERN, parseAge } from '../../settings/times.ts';
import { reportFailure } from '../failure.ts';
import type { Session } from '../session.ts';
import { count, counted } from '../text/quantities.ts';
import { checkFlags } from './check-flags.ts';
import { invalid } from './flag-settings.ts';
import type { CopyFlags } from './flags.ts';
import { copyRequest } from './plan-from.ts';
import { runOnce, type OpenCopy } from './run-once.ts';
import { runOnSchedule, type WallClock } from './run-on-schedule.ts';
import { scheduleOf } from './schedule.ts';

/** What a test may put in place of what is really there. */
export interface CopyWorld {
  open?: OpenCopy;
  clock?: WallClock;
}

const STALE_DEFAULT = '7d';

/** `dynaferry copy`, once its options are known. */
export async function copyBuckets(
  session: Session,
  [source, target]: readonly [string, string | undefined],
  flags: CopyFlags,
  { open, clock }: CopyWorld = {},
): Promise<number> {
  checkFlags(flags);
  const schedule = scheduleOf(flags);
  const staleAgeMs = flags.abortStale === undefined ? undefined : ageOf(flags.abortStale);
  const { plan, stateDir } = await copyRequest(source, target, flags);
  const mode = modeOf(flags);
  const run = {
    plan,
    mode,
    stateDir: session.stateDir ?? stateDir,
    signal: session.signal(mode === 'dry-run' || mode === 'verify' ? 'stopping' : 'stopping: saving progress'),
    // Not by the index, which loads all that migrations need: short copies are mostly start.
    open: open ?? (await import('../../copy/copy.ts')).openCopy,
  };
  if (staleAgeMs !== undefined) return abortStale(session, run, staleAgeMs);
  warn(session, plan);
  if (schedule === undefined) return runOnce(session, run);
  return runOnSchedule({
    schedule,
    // What is thrown tells of one run, and the next may go well.
    run: () => runOnce(session, run).catch((error: unknown) => reportFailure(session, asDynaferryError(error))),
    onWait: (atMs, leftOut) => tellWait(session, plan.name, atMs, leftOut),
    signal: run.signal,
    ...(clock !== undefined && { clock }),
  });
}

function modeOf({ dryRun, verify, retryFailed }: CopyFlags): CopyMode {
  if (dryRun === true) return 'dry-run';
  if (verify === true) return 'verify';
  return retryFailed === true ? 'retry-failed' : 'copy';
}

function ageOf(given: string | true): number {
  const text = given === true ? STALE_DEFAULT : given;
  const ms = AGE_PATTERN.test(text) ? parseAge(text) : undefined;
  if (ms !== undefined) return ms;
  throw invalid('--abort-stale', text, 'expected an age such as 7d or 12h');
}

type StaleRun = Pick<Parameters<typeof runOnce>[1], 'plan' | 'stateDir' | 'signal' | 'open'>;

async function abortStale(
  session: Session,
  { plan, stateDir, signal, open }: StaleRun,
  ageMs: number,
): Promise<number> {
  const copy = open(plan, { stateDir, signal });
  const aborted = await copy.abortStale(ageMs);
  if (session.json) session.printJson({ type: 'stale-uploads', copy: plan.name, aborted });
  else
    session.print(
      `${counted(aborted, 'unfinished upload')} below s3://${plan.target.bucket}/${plan.prefixes.length === 1 ? plan.prefixes[0].target : ''} aborted`,
    );
  return 0;
}

/** A prefix is taken to the letter: one that lacks its slash is right now and then, and mostly forgotten. */
function warn(session: Session, { name, prefixes: [{ source, target }] }: CopyPlan): void {
  if (source === '' || source.endsWith('/') || !(target === '' || target.endsWith('/'))) return;
  const message = `the source's prefix does not end with /: a key ${source}/a becomes ${target}/a, and keys such as ${source}-b are copied too; add the / to mean a folder`;
  notice(session, name, 'warning', message);
}

function tellWait(session: Session, copy: string, atMs: number, leftOut: number): void {
  const late =
    leftOut > 0
      ? `${count(leftOut)} ${leftOut === 1 ? 'run that was' : 'runs that were'} due while the last one went on ${leftOut === 1 ? 'is' : 'are'} left out; `
      : '';
  notice(session, copy, 'info', `${late}the next run begins at ${new Date(atMs).toISOString()}`);
}

function notice(session: Session, copy: string, level: 'info' | 'warning', message: string): void {
  if (session.json) session.printJson({ type: 'notice', migration: copy, level, message });
  else session.screen.print(`${level === 'warning' ? 'warning: ' : ''}${message}`);
}
