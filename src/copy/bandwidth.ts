import type { BandwidthSchedule, BandwidthWindow } from './copy-plan.ts';

const MINUTE_MS = 60_000;
/** An estimate of more than this is told as this. */
const ESTIMATE_MINUTES_MAX = 366 * 24 * 60;

/** The cap that holds at a time; Infinity where there is none. */
export function bytesPerSecondAt(schedule: BandwidthSchedule, nowMs: number): number {
  const window = schedule.windows.find((one) => holds(one, nowMs));
  return window?.bytesPerSecond ?? schedule.defaultBytesPerSecond ?? Infinity;
}

/** How long so many bytes take at the caps from a time on, at least; undefined where no cap holds it up. */
export function secondsAtCaps(schedule: BandwidthSchedule, bytes: number, fromMs: number): number | undefined {
  if (schedule.defaultBytesPerSecond === undefined && schedule.windows.length === 0) return undefined;
  let left = bytes;
  for (let minute = 0; minute < ESTIMATE_MINUTES_MAX; minute++) {
    const rate = bytesPerSecondAt(schedule, fromMs + minute * MINUTE_MS);
    if (left <= rate * 60) return minute * 60 + left / rate;
    left -= rate * 60;
  }
  return ESTIMATE_MINUTES_MAX * 60;
}

/** By the clock on the wall of the time zone, so that a window keeps its hours when daylight saving begins or ends. */
function holds({ fromMinute, toMinute, timeZone }: BandwidthWindow, nowMs: number): boolean {
  const minute = minuteOfDay(timeZone, nowMs);
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}

interface Clock {
  format: Intl.DateTimeFormat;
  /** The minute since 1970 that was asked for last, and what it was. */
  minute: number;
  minuteOfDay: number;
}

/** A formatter costs more than what it is asked for here at every request. */
const clocks = new Map<string, Clock>();

function minuteOfDay(timeZone: string, nowMs: number): number {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    clock = { format, minute: NaN, minuteOfDay: 0 };
    clocks.set(timeZone, clock);
  }
  const minute = Math.floor(nowMs / MINUTE_MS);
  if (clock.minute !== minute) {
    const [hours, minutes] = clock.format.format(nowMs).split(':').map(Number);
    clock.minute = minute;
    clock.minuteOfDay = hours * 60 + minutes;
  }
  return clock.minuteOfDay;
}

/** Whether the machine knows the time zone, such as Asia/Shanghai or UTC. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0);
    // Offsets such as +08:00 are taken by some engines only, and know no daylight saving.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
