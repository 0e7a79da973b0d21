import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runPool } from '../../src/engine/pool.ts';
import { Semaphore } from '../../src/engine/semaphore.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('runPool', () => {
  it('runs every task once, never more than so many at a time, from arrays and generators', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(30),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.scheduler(),
        async (count, concurrency, lazy, scheduler) => {
          const tasks = Array.from({ length: count }, (_, i) => i);
          const source = async function* (): AsyncGenerator<number> {
            for (const task of tasks) {
              await scheduler.schedule(Promise.resolve());
              yield task;
            }
          };
          const done: number[] = [];
          let running = 0;
          let most = 0;
          const pool = runPool(
            lazy ? source() : tasks,
            concurrency,
            async (task) => {
              most = Math.max(most, ++running);
              await scheduler.schedule(Promise.resolve());
              running--;
              done.push(task);
            },
            new AbortController(),
          );
          await scheduler.waitFor(pool);
          expect(done.sort((a, b) => a - b)).toEqual(tasks);
          expect(most).toBeLessThanOrEqual(concurrency);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('at the first failure takes no more tasks, aborts the scope, waits for those under way, and throws that failure', async () => {
    const scope = new AbortController();
    const ended: number[] = [];
    let taken = 0;
    const tasks = (function* () {
      for (;;) yield taken++;
    })();
    const pool = runPool(
      tasks,
      3,
      async (task) => {
        await tick();
        if (task === 4) throw new Error('four');
        await tick();
        if (scope.signal.aborted) {
          await tick();
          ended.push(task);
          throw new Error(`aborted ${task}`);
        }
      },
      scope,
    );
    await expect(pool).rejects.toThrow('four');
    expect(taken).toBeLessThan(9);
    expect(ended.length).toBeGreaterThan(0);
  });

  it('throws what the source of tasks throws, after the tasks under way', async () => {
    let running = 0;
    const tasks = (async function* () {
      yield 1;
      yield 2;
      await tick();
      throw new Error('source');
    })();
    const scope = new AbortController();
    const pool = runPool(
      tasks,
      4,
      async () => {
        running++;
        await tick();
        await tick();
        await tick();
        running--;
      },
      scope,
    );
    await expect(pool).rejects.toThrow('source');
    expect([running, scope.signal.aborted]).toEqual([0, true]);
  });
});

describe('Semaphore', () => {
  it('lets in so many, in order; failures and aborted waiters give their place on', async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let running = 0;
    const aborted = AbortSignal.abort();
    const all = Array.from({ length: 12 }, (_, i) =>
      semaphore.run(
        async () => {
          order.push(i);
          expect(++running).toBeLessThanOrEqual(2);
          await tick();
          running--;
          if (i % 4 === 1) throw new Error('no');
        },
        i % 4 === 2 ? aborted : undefined,
      ),
    );
    const outcomes = await Promise.allSettled(all);
    expect(order).toEqual([0, 1, 3, 4, 5, 7, 8, 9, 11]);
    expect(outcomes.filter((outcome) => outcome.status === 'rejected')).toHaveLength(6);
    expect(await semaphore.run(async () => 'free')).toBe('free');
  });
});
