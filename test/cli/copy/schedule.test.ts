import { expect, test } from 'vitest';
import { scheduleOf, type Schedule } from '../../../src/cli/copy/schedule.ts';
import type { CopyFlags } from '../../../src/cli/copy/flags.ts';

const at = (time: string): number => Date.parse(time);
const iso = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());

function schedule(flags: CopyFlags): Schedule {
  return scheduleOf(flags)!;
}

test('without options there is none', () => expect(scheduleOf({})).toBeUndefined());

test('every so often begins at once, and keeps its distance from the first run on', () => {
  const every = schedule({ every: '10m' });
  expect(every.first(at('2026-01-01T00:03:00Z'))).toBe(at('2026-01-01T00:03:00Z'));
  const next = (ended: string) => every.next(at('2026-01-01T00:03:00Z'), at(ended));
  expect(next('2026-01-01T00:04:00Z')).toEqual({ atMs: at('2026-01-01T00:13:00Z'), leftOut: 0 });
  expect(next('2026-01-01T00:13:00Z')).toEqual({ atMs: at('2026-01-01T00:13:00Z'), leftOut: 0 });
  expect(next('2026-01-01T00:13:01Z')).toEqual({ atMs: at('2026-01-01T00:23:00Z'), leftOut: 1 });
  expect(next('2026-01-01T01:00:00Z')).toEqual({ atMs: at('2026-01-01T01:03:00Z'), leftOut: 5 });
});

test('a cron pattern counts in its time zone, also over daylight saving', () => {
  const nightly = schedule({ cron: '30 2 * * *', timeZone: 'Asia/Shanghai' });
  expect(iso(nightly.first(at('2026-01-01T00:00:00Z')))).toBe('2026-01-01T18:30:00.000Z');
  const morning = schedule({ cron: '0 8 * * *', timeZone: 'America/New_York' });
  expect(iso(morning.first(at('2026-03-07T14:00:00Z')))).toBe('2026-03-08T12:00:00.000Z');
});

test('runs of a cron pattern that become due while one goes on are left out', () => {
  const cron = schedule({ cron: '*/10 * * * *', timeZone: 'UTC' });
  const next = cron.next(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:25:00Z'));
  expect(next).toEqual({ atMs: at('2026-01-01T00:30:00Z'), leftOut: 2 });
});

test('a cron pattern that never comes again ends', () => {
  expect(schedule({ cron: '0 0 30 2 *' }).first(at('2026-01-01T00:00:00Z'))).toBeUndefined();
});

test('a pattern of seconds that a long run has missed thousands of times goes on behind it', () => {
  const cron = schedule({ cron: '* * * * * *', timeZone: 'UTC' });
  const next = cron.next(at('2026-01-01T00:00:00Z'), at('2026-01-01T05:00:00Z'));
  expect(iso(next?.atMs)).toBe('2026-01-01T05:00:01.000Z');
});
