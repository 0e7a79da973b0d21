import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/engine/pacer.ts';
import { FakeClock, settled } from './fake-clock.ts';

interface Spent {
  ms: number;
  units: number;
}

/** Workers that reserve, spend something else after a while, and settle, for so long. */
async function work(
  pacer: Pacer,
  clock: FakeClock,
  options: {
    workers: number;
    seconds: number;
    reserve: () => number;
    spend: (reserved: number) => number;
    takesMs: () => number;
  },
): Promise<Spent[]> {
  const spent: Spent[] = [];
  const stop = new AbortController();
  const worker = async (): Promise<void> => {
    for (;;) {
      const reserved = options.reserve();
      await pacer.acquire(reserved, stop.signal);
      const units = options.spend(reserved);
      // The service meters when the request arrives, at the earliest.
      spent.push({ ms: clock.nowMs(), units });
      await clock.sleep(options.takesMs(), stop.signal);
      pacer.settle(reserved, units);
    }
  };
  const workers = Array.from({ length: options.workers }, worker);
  await clock.runUntil(options.seconds * 1000);
  stop.abort();
  await Promise.allSettled(workers);
  return spent;
}

/** The most that was spent above the rate in any stretch of time. */
function worstBurst(spent: Spent[], rate: number): number {
  // Kadane: units that come minus what the rate gives for the time between.
  let worst = 0;
  let running = 0;
  let before = 0;
  for (const { ms, units } of spent) {
    running = Math.max(0, running - ((ms - before) / 1000) * rate) + units;
    before = ms;
    worst = Math.max(worst, running);
  }
  return worst;
}

describe('a cap', () => {
  it('holds over all workers within a second of burst and one request each, however wrong their estimates are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 5000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (rate, workers, wrong, chance) => {
          const clock = new FakeClock();
          const pacer = new Pacer(rate, clock);
          const random = (): number => chance.next().value;
          const largest = rate / 2;
          const spent = await work(pacer, clock, {
            workers,
            seconds: 8,
            reserve: () => 0.01 + random() * largest,
            spend: (reserved) => reserved * wrong,
            takesMs: () => 20 + random() * 300,
          });
          const allowed = rate + workers * largest * Math.max(1, wrong);
          expect(worstBurst(spent, rate)).toBeLessThanOrEqual(allowed * 1.001);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([10, 400, 40_000])('of %i units a second is used, not only kept', async (rate) => {
    const clock = new FakeClock();
    const spent = await work(new Pacer(rate, clock), clock, {
      workers: 8,
      seconds: 10,
      reserve: () => rate / 20,
      spend: (reserved) => reserved,
      takesMs: () => 40,
    });
    expect(spent.reduce((sum, { units }) => sum + units, 0)).toBeGreaterThan(rate * 10 * 0.95);
  });

  it.each([0, -1, NaN])('of %d is refused', (rate) => {
    expect(() => new Pacer(rate)).toThrow(RangeError);
  });

  it('is never passed by a throttle that came at a rate below one unit', () => {
    const clock = new FakeClock();
    const pacer = new Pacer(0.5, clock);
    pacer.throttled();
    expect(pacer.unitsPerSecond).toBeLessThanOrEqual(0.5);
  });
});

describe('waiting', () => {
  it('is served in the order of the calls, large and small', async () => {
    const clock = new FakeClock();
    const pacer = new Pacer(10, clock);
    const order: number[] = [];
    const all = [25, 1, 30, 2, 3, 8].map((units, i) => pacer.acquire(units).then(() => order.push(i)));
    await clock.runUntil(60_000);
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('ends at once when it is aborted, also far back in the line, and takes nothing', async () => {
    const clock = new FakeClock();
    const pacer = new Pacer(10, clock);
    await pacer.acquire(1000);
    const ahead = pacer.acquire(1);
    const controller = new AbortController();
    const aborted = pacer.acquire(1_000_000, controller.signal).catch((error: Error) => error.name);
    const behind = pacer.acquire(1).then(() => clock.nowMs());
    await settled();
    controller.abort();
    expect(await aborted).toBe('AbortError');
    await clock.runUntil(200_000);
    await ahead;
    expect(await behind).toBeLessThan(110_000);
    await expect(pacer.acquire(1, controller.signal)).rejects.toThrow('aborted');
  });
});

describe('a throttle', () => {
  /** Spends at a steady rate for some seconds. */
  async function steady(pacer: Pacer, clock: FakeClock, unitsPerSecond: number, seconds: number): Promise<void> {
    for (let i = 0; i < seconds * 10; i++) {
      await clock.runUntil(clock.nowMs() + 100);
      await pacer.acquire(unitsPerSecond / 10);
      pacer.settle(unitsPerSecond / 10, unitsPerSecond / 10);
    }
  }

  it('lowers the rate below what was used, once for many at the same time; it recovers to the cap and not past it', async () => {
    const clock = new FakeClock();
    const pacer = new Pacer(1000, clock);
    await steady(pacer, clock, 800, 5);
    for (let i = 0; i < 50; i++) pacer.throttled();
    expect(pacer.unitsPerSecond).toBeGreaterThan(500);
    expect(pacer.unitsPerSecond).toBeLessThan(600);
    let before = pacer.unitsPerSecond;
    for (let i = 0; i < 40; i++) {
      await clock.runUntil(clock.nowMs() + 1000);
      await pacer.acquire(1);
      expect(pacer.unitsPerSecond).toBeGreaterThanOrEqual(before);
      before = pacer.unitsPerSecond;
    }
    expect(before).toBe(1000);
  });

  it('in the first moments, before much is known, does not bring everything to a stand', async () => {
    const clock = new FakeClock();
    const pacer = new Pacer(4000, clock);
    await steady(pacer, clock, 4000, 0.5);
    pacer.throttled();
    expect(pacer.unitsPerSecond).toBeGreaterThan(2000);
    const fresh = new Pacer(4000, clock);
    fresh.throttled();
    expect(fresh.unitsPerSecond).toBeGreaterThan(2000);
  });

  it('without a cap sets a rate by what was used; what was spent before is no debt, and the limit is lifted later', async () => {
    const clock = new FakeClock();
    const pacer = new Pacer(Infinity, clock);
    await steady(pacer, clock, 50_000, 20);
    pacer.throttled();
    expect(pacer.unitsPerSecond).toBeGreaterThan(30_000);
    expect(pacer.unitsPerSecond).toBeLessThan(40_000);
    const next = pacer.acquire(100).then(() => clock.nowMs());
    const atMs = clock.nowMs();
    await clock.runUntil(atMs + 30_000);
    expect((await next) - atMs).toBeLessThan(1000);
    await clock.runUntil(atMs + 120_000);
    await pacer.acquire(1);
    expect(pacer.unitsPerSecond).toBe(Infinity);
  });

  it('without a cap and before anything was spent changes nothing', () => {
    const pacer = new Pacer(Infinity, new FakeClock());
    pacer.throttled();
    expect(pacer.unitsPerSecond).toBe(Infinity);
  });
});
