import { setTimeout as sleepMs } from 'node:timers/promises';
import type { Schedule } from './schedule.ts';

/** Time as a schedule needs it; tests have their own. */
export interface WallClock {
  now(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const wallClock: WallClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleepMs(ms, undefined, { signal }).catch(() => undefined),
};

export interface ScheduledRuns {
  schedule: Schedule;
  /** Resolves with the run's exit code, whatever came of it. */
  run: () => Promise<number>;
  /** Hears when the next run is due, and how many were left out because the last one took longer than to their time. */
  onWait: (atMs: number, leftOut: number) => void;
  signal: AbortSignal;
  clock?: WallClock;
}

/** The clock is looked at this often, since it may be set, and the machine may sleep. */
const LOOK_MS = 60_000;

/**
 * Runs at the times of the schedule, one run at a time, until the signal is aborted or no more runs are due. A run that fails does not end it: the next one
 * may find mended what stood in its way. Resolves with the exit code of the last run, and 0 where none was begun.
 */
export async function runOnSchedule(runs: ScheduledRuns): Promise<number> {
  const { schedule, run, onWait, signal, clock = wallClock } = runs;
  let exitCode = 0;
  let dueMs = schedule.first(clock.now());
  let leftOut = 0;
  while (dueMs !== undefined && !signal.aborted) {
    if (dueMs > clock.now() || leftOut > 0) onWait(dueMs, leftOut);
    await waitUntil(dueMs, clock, signal);
    if (signal.aborted) break;
    exitCode = await run();
    const next = schedule.next(dueMs, clock.now());
    dueMs = next?.atMs;
    leftOut = next?.leftOut ?? 0;
  }
  return exitCode;
}

async function waitUntil(atMs: number, clock: WallClock, signal: AbortSignal): Promise<void> {
  for (let leftMs = atMs - clock.now(); leftMs > 0 && !signal.aborted; leftMs = atMs - clock.now())
    await clock.sleep(Math.min(leftMs, LOOK_MS), signal);
}
