import { Cron } from 'croner';
import { AGE_PATTERN, parseAge } from '../../settings/times.ts';
import { isTimeZone } from '../../copy/bandwidth.ts';
import type { CopyFlags } from './flags.ts';
import { invalid } from './flag-settings.ts';

/** When a copy is run again and again. */
export interface Schedule {
  /** When the first run is due. Undefined where it never will be. */
  first(nowMs: number): number | undefined;
  /** When the next one is due after the one that was due at `dueMs` and ended at `endedMs`, and how many became due meanwhile: these are left out. */
  next(dueMs: number, endedMs: number): { atMs: number; leftOut: number } | undefined;
}

const EVERY_MIN_MS = 1000;
/** Listing both sides is the dearest part of a run that has nothing to do. */
const WATCH_PAUSE_MS = 10_000;
const LEFT_OUT_COUNTED_MAX = 1000;

/** The schedule that the options ask for, if any. Throws USAGE. */
export function scheduleOf({ every, cron, timeZone, watch }: CopyFlags): Schedule | undefined {
  if (every !== undefined) return everyPeriod(periodOf(every));
  if (cron !== undefined) return byCron(cron, timeZone);
  return watch === true ? withPauses(WATCH_PAUSE_MS) : undefined;
}

function periodOf(text: string): number {
  const ms = AGE_PATTERN.test(text) ? parseAge(text) : undefined;
  if (ms !== undefined && ms >= EVERY_MIN_MS) return ms;
  throw invalid('--every', text, 'expected a time of a second or more, such as 10m, 6h or 1d');
}

/** At once, and then at the same distance from the first run on, however long runs take. */
function everyPeriod(periodMs: number): Schedule {
  return {
    first: (nowMs) => nowMs,
    next: (dueMs, endedMs) => {
      const periods = Math.max(1, Math.ceil((endedMs - dueMs) / periodMs));
      return { atMs: dueMs + periods * periodMs, leftOut: periods - 1 };
    },
  };
}

function withPauses(pauseMs: number): Schedule {
  return { first: (nowMs) => nowMs, next: (_, endedMs) => ({ atMs: endedMs + pauseMs, leftOut: 0 }) };
}

function byCron(pattern: string, timeZone: string | undefined): Schedule {
  if (timeZone !== undefined && !isTimeZone(timeZone))
    throw invalid('--time-zone', timeZone, 'expected a time zone such as Asia/Shanghai or UTC');
  const cron = parseCron(pattern, timeZone);
  const after = (ms: number): number | undefined => cron.nextRun(new Date(ms))?.getTime();
  return {
    first: after,
    next: (dueMs, endedMs) => {
      let leftOut = 0;
      let atMs = after(dueMs);
      for (; atMs !== undefined && atMs < endedMs && leftOut < LEFT_OUT_COUNTED_MAX; leftOut++) atMs = after(atMs);
      if (atMs !== undefined && atMs < endedMs) atMs = after(endedMs);
      return atMs === undefined ? undefined : { atMs, leftOut };
    },
  };
}

function parseCron(pattern: string, timezone: string | undefined): Cron {
  try {
    // Never started: it only tells times.
    return new Cron(pattern, { paused: true, ...(timezone !== undefined && { timezone }) });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'not understood';
    throw invalid(
      '--cron',
      pattern,
      `expected five fields (minute hour day month weekday) such as '0 2 * * *'; ${why}`,
    );
  }
}
