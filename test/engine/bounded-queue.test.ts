import { describe, expect, it } from 'vitest';
import { BoundedQueue } from '../../src/engine/bounded-queue.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function drain(queue: BoundedQueue<number>, into: number[]): Promise<void> {
  for (let item = await queue.take(); item !== undefined; item = await queue.take()) into.push(item);
}

describe('a bounded queue', () => {
  it('gives everything once, in order, to several consumers', async () => {
    const queue = new BoundedQueue<number>(3);
    const taken: number[] = [];
    const consumers = [drain(queue, taken), drain(queue, taken)];
    for (let i = 0; i < 100; i++) await queue.put(i);
    queue.end();
    await Promise.all(consumers);
    expect(taken).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('makes the producer wait when it is full', async () => {
    const queue = new BoundedQueue<number>(2);
    await queue.put(1);
    await queue.put(2);
    let put = false;
    const third = queue.put(3).then(() => (put = true));
    await settle();
    expect(put).toBe(false);
    expect(await queue.take()).toBe(1);
    await third;
    expect(put).toBe(true);
  });

  it('gives what is left after its end, and nothing after it was abandoned', async () => {
    const ended = new BoundedQueue<number>(9);
    await ended.put(1);
    ended.end();
    expect([await ended.take(), await ended.take()]).toEqual([1, undefined]);
    const abandoned = new BoundedQueue<number>(1);
    await abandoned.put(1);
    const waiting = abandoned.put(2);
    abandoned.abandon();
    await waiting;
    expect(await abandoned.take()).toBeUndefined();
  });
});
