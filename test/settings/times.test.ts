import { expect, test } from 'vitest';
import { parseAge, parseInstant } from '../../src/settings/times.ts';

test.each([
  ['10s', 10_000],
  ['10m', 600_000],
  ['1.5 h', 5_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['3min', 180_000],
  ['7', undefined],
  ['-7d', undefined],
  ['7D', undefined],
])('age %s is %s ms', (text, ms) => expect(parseAge(text)).toBe(ms));

test.each([
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T18:30:00+08:00', '2026-01-31T10:30:00.000Z'],
  ['2026-01-31T18:30Z', '2026-01-31T18:30:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
])('time %s is %s', (text, iso) => expect(new Date(parseInstant(text)!).toISOString()).toBe(iso));

test.each(['2026-01-31T18:30:00', '2026-02-30', '2026-13-01', '31.01.2026', '2026-01-31T25:00Z', ''])(
  '%j is no time',
  (text) => expect(parseInstant(text)).toBeUndefined(),
);
