import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/engine/byte-budget.ts';

/** Lets everything that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a budget of bytes', () => {
  it('lets in what fits, and the rest in order when there is room', async () => {
    const budget = new ByteBudget(10);
    const order: string[] = [];
    const enter = (name: string, bytes: number) => budget.acquire(bytes).then(() => order.push(name));
    void enter('a', 6);
    void enter('b', 5);
    // It would fit, but it is not its turn: what is large would wait for ever.
    void enter('c', 1);
    await settle();
    expect(order).toEqual(['a']);
    budget.release(6);
    await settle();
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('lets in alone what is larger than all of it', async () => {
    const budget = new ByteBudget(10);
    await budget.acquire(100);
    let entered = false;
    void budget.acquire(1).then(() => (entered = true));
    await settle();
    expect(entered).toBe(false);
    budget.release(100);
    await settle();
    expect(entered).toBe(true);
  });

  it('gives back what somebody got who wants it no more', async () => {
    const budget = new ByteBudget(10);
    const abort = new AbortController();
    await budget.acquire(10);
    const late = budget.acquire(10, abort.signal);
    abort.abort();
    budget.release(10);
    await expect(late).rejects.toMatchObject({ name: 'AbortError' });
    await budget.acquire(10);
  });
});
