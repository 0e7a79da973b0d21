import { describe, expect, test } from 'vitest';
import { bytesPerSecondAt, secondsAtCaps } from '../../src/copy/bandwidth.ts';
import type { BandwidthSchedule } from '../../src/copy/copy-plan.ts';

function windows(
  ...list: [from: string, to: string, timeZone: string, bytesPerSecond: number][]
): BandwidthSchedule['windows'] {
  const minute = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  return list.map(([from, to, timeZone, bytesPerSecond]) => ({
    fromMinute: minute(from),
    toMinute: minute(to),
    timeZone,
    bytesPerSecond,
  }));
}

const at = (schedule: BandwidthSchedule, ...times: string[]): number[] =>
  times.map((time) => bytesPerSecondAt(schedule, Date.parse(time)));

describe('bandwidth by the time of day', () => {
  test('is without bounds where nothing is said', () => {
    expect(at({ windows: [] }, '2026-01-01T00:00:00Z')).toEqual([Infinity]);
    expect(
      at(
        { windows: windows(['08:00', '18:00', 'UTC', 5]) },
        '2026-01-01T07:59:59Z',
        '2026-01-01T08:00:00Z',
        '2026-01-01T18:00:00Z',
      ),
    ).toEqual([Infinity, 5, Infinity]);
  });

  test('goes over midnight, by the clock of its time zone', () => {
    const schedule = { defaultBytesPerSecond: 1, windows: windows(['22:00', '06:00', 'Asia/Shanghai', 9]) };
    // 22:00 in Shanghai is 14:00 UTC.
    expect(
      at(
        schedule,
        '2026-01-01T13:59:59Z',
        '2026-01-01T14:00:00Z',
        '2026-01-01T16:30:00Z',
        '2026-01-01T21:59:59Z',
        '2026-01-01T22:00:00Z',
      ),
    ).toEqual([1, 9, 9, 9, 1]);
  });

  test('keeps its hours when daylight saving begins and ends', () => {
    const schedule = { defaultBytesPerSecond: 1, windows: windows(['08:00', '18:00', 'America/New_York', 9]) };
    // UTC-5 in winter, UTC-4 from 8 March to 1 November 2026.
    expect(at(schedule, '2026-03-07T12:30:00Z', '2026-03-07T13:00:00Z')).toEqual([1, 9]);
    expect(at(schedule, '2026-03-08T12:00:00Z', '2026-03-08T22:00:00Z')).toEqual([9, 1]);
    expect(at(schedule, '2026-11-01T12:59:00Z', '2026-11-01T13:00:00Z')).toEqual([1, 9]);
  });

  test('has the hour that comes twice in autumn twice, and of the one that is left out in spring nothing', () => {
    const schedule = {
      defaultBytesPerSecond: 1,
      windows: windows(['01:00', '02:00', 'America/New_York', 9], ['02:00', '03:00', 'America/New_York', 7]),
    };
    expect(at(schedule, '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z', '2026-11-01T07:30:00Z')).toEqual([9, 9, 7]);
    expect(at(schedule, '2026-03-08T06:59:00Z', '2026-03-08T07:00:00Z')).toEqual([9, 1]);
  });

  test('takes half-hour zones and windows to the end of the day', () => {
    const schedule = {
      windows: [{ fromMinute: 23 * 60, toMinute: 24 * 60, timeZone: 'Asia/Kolkata', bytesPerSecond: 3 }],
    };
    expect(
      at(schedule, '2026-01-01T17:29:00Z', '2026-01-01T17:30:00Z', '2026-01-01T18:29:00Z', '2026-01-01T18:30:00Z'),
    ).toEqual([Infinity, 3, 3, Infinity]);
  });
});

describe('how long bytes take at the caps', () => {
  test('is not known without a cap', () => expect(secondsAtCaps({ windows: [] }, 100, 0)).toBeUndefined());
  test('at one cap', () =>
    expect(secondsAtCaps({ defaultBytesPerSecond: 10, windows: [] }, 12_345, 0)).toBeCloseTo(1234.5));
  test('over the edge of a window', () => {
    const schedule = { defaultBytesPerSecond: 10, windows: windows(['00:01', '00:02', 'UTC', 100]) };
    expect(secondsAtCaps(schedule, 600 + 3000, 0)).toBeCloseTo(90);
  });
  test('nothing takes no time', () => expect(secondsAtCaps({ defaultBytesPerSecond: 10, windows: [] }, 0, 0)).toBe(0));
});
