import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { LagWindow } from '../../src/engine/lag-window.ts';

it('tells median and 99th percentile to a tenth, never too short', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 300 }), (lags) => {
      const window = new LagWindow(300_000);
      for (const [i, lag] of lags.entries()) window.add(1000 + i, lag);
      const told = window.statistics(2000);
      const sorted = lags.toSorted((a, b) => a - b);
      const at = (share: number): number => Math.max(1, sorted[Math.ceil(share * sorted.length) - 1]);
      expect(told?.changes).toBe(lags.length);
      for (const [figure, exact] of [
        [told?.medianMs ?? 0, at(0.5)],
        [told?.p99Ms ?? 0, at(0.99)],
      ]) {
        expect(figure).toBeGreaterThanOrEqual(Math.floor(exact));
        expect(figure).toBeLessThanOrEqual(Math.ceil(exact * 1.1) + 1);
      }
    }),
  );
});

it('forgets what was before the window, and is empty then', () => {
  const window = new LagWindow(300_000);
  window.add(0, 60_000, 5);
  window.add(200_000, 100);
  expect(window.statistics(200_000)).toMatchObject({ changes: 6 });
  expect(window.statistics(320_000)).toMatchObject({ changes: 1, medianMs: expect.closeTo(105, -1) as number });
  expect(window.statistics(600_000)).toBeUndefined();
});
