import { describe, expect, it } from 'vitest';
import { count, counted, duration, percent, size } from '../../src/cli/text/quantities.ts';

describe('quantities', () => {
  it('are written for people', () => {
    expect([count(1_234_567), counted(1, 'item'), counted(0, 'item'), counted(12_800, 'item')]).toEqual([
      '1,234,567',
      '1 item',
      '0 items',
      '12,800 items',
    ]);
    expect([0, 1, 1.2, 999, 1000, 999_949, 999_950, 1.5e9].map(size)).toEqual([
      '0 bytes',
      '1 byte',
      '1 byte',
      '999 bytes',
      '1.0 KB',
      '999.9 KB',
      '1.0 MB',
      '1.5 GB',
    ]);
    expect([0, 9.94, 9.96, 59.4, 59.6, 3599, 3600, 86_399, 90_000].map(duration)).toEqual([
      '0.0 s',
      '9.9 s',
      '10 s',
      '59 s',
      '1 min',
      '59 min 59 s',
      '1 h',
      '1 d',
      '1 d 1 h',
    ]);
  });

  it('never call a part the whole, nor something nothing', () => {
    expect([percent(0, 10), percent(1, 100_000), percent(99_999, 100_000), percent(10, 10), percent(1, 0)]).toEqual([
      '0 %',
      '1 %',
      '99 %',
      '100 %',
      '',
    ]);
  });
});
