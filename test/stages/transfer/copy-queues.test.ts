import { setImmediate as immediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CopyQueues } from '../../../src/stages/transfer/copy-queues.ts';

const SMALL = { sizeBytes: 1000, isCertain: true };
const LARGE = { sizeBytes: 100_000_000, isCertain: true };

/** Queues with a lane for small objects at work; each task ends when it is told to. */
function begin(measured?: Promise<void>) {
  const aborted = new AbortController();
  const queues = new CopyQueues<string>({ signal: aborted.signal, ...(measured && { measured: () => measured }) });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const lanes = queues.lanes(1, (task) => {
    begun.push(task);
    return new Promise<void>((resolve) => ends.set(task, resolve));
  });
  const done = Promise.all(lanes.map((lane) => lane()));
  const end = async (task: string): Promise<void> => {
    ends.get(task)!();
    await settled();
  };
  return { queues, begun, end, done, abort: () => aborted.abort(new Error('stopped')) };
}

/** Until all that can go on has. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await immediate();
}

test('small objects go on while all lanes of large ones are taken, and large ones beside each other', async () => {
  const { queues, begun, end } = begin();
  for (let i = 0; i < 12; i++) await queues.put(`large ${i}`, LARGE);
  for (const name of ['a', 'b']) await queues.put(name, SMALL);
  await settled();
  expect(begun.filter((task) => task.startsWith('large'))).toHaveLength(8);
  await end('a');
  expect(begun).toContain('b');
});

test('large objects wait until small ones have told the rate of the link', async () => {
  const measured = Promise.withResolvers<void>();
  const { queues, begun } = begin(measured.promise);
  for (const name of ['A', 'B']) await queues.put(name, LARGE);
  await queues.put('a', SMALL);
  await settled();
  expect(begun).toEqual(['a']);
  measured.resolve();
  await settled();
  expect(begun.toSorted()).toEqual(['A', 'B', 'a']);
});

test('where there are no small ones the first large one tells it', async () => {
  const { queues, begun, end } = begin(new Promise(() => undefined));
  for (const name of ['A', 'B', 'C']) await queues.put(name, LARGE);
  await settled();
  expect(begun).toEqual(['A']);
  await end('A');
  expect(begun.toSorted()).toEqual(['A', 'B', 'C']);
});

test('lanes end when their queue has ended and is empty, or at once where it is abandoned', async () => {
  const ended = begin();
  await ended.queues.put('a', SMALL);
  ended.queues.end();
  await settled();
  await ended.end('a');
  await ended.done;

  const abandoned = begin();
  for (const name of ['a', 'b']) await abandoned.queues.put(name, SMALL);
  await settled();
  abandoned.queues.abandon();
  await abandoned.end('a');
  await abandoned.done;
  expect(abandoned.begun).toEqual(['a']);
});

test('an abort ends the wait for the rate', async () => {
  const { queues, done, abort } = begin(new Promise(() => undefined));
  await queues.put('A', LARGE);
  await queues.put('a', SMALL);
  await settled();
  const outcome = expect(done).rejects.toThrow();
  abort();
  await outcome;
});
