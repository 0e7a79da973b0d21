import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferBudget } from '../../src/engine/buffer-budget.ts';

/** Lets everything that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const MiB = 1024 * 1024;

describe('a budget of buffers', () => {
  it('lets in what fits, and the rest in order when there is room', async () => {
    const budget = new BufferBudget(10);
    const order: string[] = [];
    const enter = (name: string, bytes: number) => budget.take(bytes).then(() => order.push(name));
    const first = await budget.take(6);
    void enter('b', 5);
    // It would fit, but it is not its turn: what is large would wait for ever.
    void enter('c', 1);
    await settle();
    expect(order).toEqual([]);
    budget.give(first);
    await settle();
    expect(order).toEqual(['b', 'c']);
  });

  it('lets in alone what is larger than all of it', async () => {
    const budget = new BufferBudget(10);
    const large = await budget.take(100);
    let entered = false;
    void budget.take(1).then(() => (entered = true));
    await settle();
    expect(entered).toBe(false);
    budget.give(large);
    await settle();
    expect(entered).toBe(true);
  });

  it('takes more of the budget only where somebody waits, and never more than all of it', async () => {
    const budget = new BufferBudget(30, { firstBytes: 10, patienceMs: 5 });
    const held = [await budget.take(10)];
    let grew = false;
    const more = budget.take(10).then((buffer) => {
      grew = true;
      held.push(buffer);
    });
    await settle();
    expect(grew).toBe(false);
    await more;
    held.push(await budget.take(10));
    let entered = false;
    void budget.take(1).then(() => (entered = true));
    await settle();
    expect(entered).toBe(false);
    budget.give(held[0]);
    await settle();
    expect(entered).toBe(true);
  });

  it('gives back what somebody got who wants it no more', async () => {
    const budget = new BufferBudget(10);
    const abort = new AbortController();
    const all = await budget.take(10);
    const late = budget.take(10, abort.signal);
    abort.abort();
    budget.give(all);
    await expect(late).rejects.toMatchObject({ name: 'AbortError' });
    await budget.take(10);
  });

  it('uses large buffers again, and never one that somebody holds', async () => {
    const budget = new BufferBudget(100 * MiB);
    const first = await budget.take(5 * MiB);
    budget.give(first);
    const again = await budget.take(5 * MiB - 7);
    expect(again.buffer).toBe(first.buffer);
    const sizes = fc.array(fc.integer({ min: 0, max: 6 * MiB }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const held = await Promise.all(lengths.map((bytes) => budget.take(bytes)));
        expect(held.map((buffer) => buffer.length)).toEqual(lengths);
        const large = held.filter((buffer) => buffer.length >= MiB);
        expect(new Set(large.map((buffer) => buffer.buffer)).size).toBe(large.length);
        for (const buffer of held) budget.give(buffer);
      }),
      { numRuns: 30 },
    );
  });
});
