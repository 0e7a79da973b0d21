import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionControl, type ConnectionWindow } from '../../src/engine/connection-control.ts';
import { Random } from '../world/random.ts';

const bounds = { min: 4, max: 256 };
const quiet: ConnectionWindow = { seconds: 1, bytes: 0, wanted: true, requests: 100, throttles: 0, failures: 0 };

/** Lets a link of a kind be seen for so many seconds; gives the number of connections after each. */
function watch(control: ConnectionControl, seconds: number, bytes: (connections: number) => number): number[] {
  return Array.from({ length: seconds }, () => {
    control.observe({ ...quiet, bytes: bytes(control.limit) });
    return control.limit;
  });
}

describe('the number of connections', () => {
  it('grows to its bound within half a minute where each one brings as much, as over a link that loses packets', () => {
    const random = new Random(1);
    const limits = watch(new ConnectionControl(bounds), 30, (n) => n * 80_000 * (0.8 + 0.4 * random.next()));
    expect(limits.at(-1)).toBe(256);
  });

  it('stays near where the link is full', () => {
    const control = new ConnectionControl(bounds);
    const limits = watch(control, 600, (n) => Math.min(n, 20) * 5e6);
    expect(Math.max(...limits)).toBeLessThanOrEqual(64);
    const late = limits.slice(60);
    expect(late.reduce((sum, n) => sum + n, 0) / late.length).toBeLessThan(40);
  });

  it('is tried again later, since links change', () => {
    const control = new ConnectionControl(bounds);
    watch(control, 60, (n) => Math.min(n, 16) * 5e6);
    const before = control.limit;
    watch(control, 600, (n) => n * 80_000);
    expect(control.limit).toBeGreaterThan(before * 3);
  });

  it('falls when the service asks to slow down, and when many requests fail', () => {
    for (const trouble of [{ throttles: 1 }, { failures: 30 }]) {
      const control = new ConnectionControl(bounds);
      const before = control.limit;
      control.observe({ ...quiet, ...trouble });
      expect(control.limit).toBe(Math.floor(before * 0.7));
    }
  });

  it('does not fall for the few that break on a bad link', () => {
    const control = new ConnectionControl(bounds);
    const before = control.limit;
    control.observe({ ...quiet, failures: 20 });
    control.observe({ ...quiet, requests: 2, failures: 2 });
    expect(control.limit).toBeGreaterThanOrEqual(before);
  });

  it('stays where nobody waits for a connection', () => {
    const control = new ConnectionControl(bounds);
    for (let i = 0; i < 50; i++) control.observe({ ...quiet, bytes: 1e6, wanted: false });
    expect(control.limit).toBe(16);
  });

  it('never leaves its bounds, whatever is seen', () => {
    const window = fc.record({
      seconds: fc.double({ min: 0.5, max: 5, noNaN: true }),
      bytes: fc.nat(1e9),
      wanted: fc.boolean(),
      requests: fc.nat(1000),
      throttles: fc.oneof(fc.constant(0), fc.nat(5)),
      failures: fc.nat(100),
    });
    const range = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.nat(300));
    fc.assert(
      fc.property(range, fc.array(window, { maxLength: 200 }), ([min, more], windows) => {
        const control = new ConnectionControl({ min, max: min + more });
        for (const seen of windows) {
          control.observe(seen);
          expect(control.limit).toBeGreaterThanOrEqual(min);
          expect(control.limit).toBeLessThanOrEqual(min + more);
        }
      }),
    );
  });
});
