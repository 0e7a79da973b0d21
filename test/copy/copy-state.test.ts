import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CopyState } from '../../src/copy/copy-state.ts';
import type { CopyProgress, CopySummary } from '../../src/model/events.ts';
import type { FailedObject } from '../../src/stages/transfer/copy-options.ts';

const progress = { type: 'copy', copy: 'c', copied: 1 } as CopyProgress;
const summary = { type: 'copy-summary', ok: true, copy: 'c' } as CopySummary;

let folder: string;
let state: CopyState;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-copy-state-'));
  state = CopyState.open(folder);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** As a process does that was killed: nothing is ended. */
function reopen(): void {
  state.close();
  state = CopyState.open(folder);
}

const failed = (key: string, reason = 'why'): FailedObject => ({ key, sizeBytes: 1, code: 'ACCESS_DENIED', reason });
const keys = (): string[] => [...state.failedBefore()].map(({ key }) => key);

function run(ended: 'well' | 'badly' | 'not at all', ...keysFailed: string[]): void {
  state.begin();
  for (const key of keysFailed) state.addFailed(failed(key));
  if (ended !== 'not at all') state.end(summary, ended === 'badly');
  reopen();
}

test('what failed in a run is what the next one finds, whole and in order', () => {
  state.begin();
  const all = Array.from({ length: 2500 }, (_, i) => failed(`k${i}`, `reason ${i}`));
  for (const one of all) state.addFailed(one);
  // Not before the run has ended.
  expect(keys()).toEqual([]);
  state.end(summary, false);
  reopen();
  expect([...state.failedBefore()]).toEqual(all);
});

test('a run that ends replaces what failed before', () => {
  run('well', 'a', 'b');
  run('well', 'b', 'c');
  expect(keys()).toEqual(['b', 'c']);
  run('well');
  expect(keys()).toEqual([]);
});

test('a run that was killed changes nothing of what failed before', () => {
  run('well', 'a', 'b');
  run('not at all', 'c', 'a');
  expect(keys()).toEqual(['a', 'b']);
  run('not at all', 'd');
  expect(keys()).toEqual(['a', 'b']);
  run('well', 'e');
  expect(keys()).toEqual(['e']);
});

test('a run that ends before all was tried again adds to what failed before, each object once with its last reason', () => {
  run('well', 'a', 'b');
  state.begin();
  state.addFailed(failed('b', 'another reason'));
  state.addFailed(failed('c'));
  state.end(summary, true);
  reopen();
  expect([...state.failedBefore()]).toEqual([failed('a'), failed('b', 'another reason'), failed('c')]);
  run('badly');
  expect(keys()).toEqual(['a', 'b', 'c']);
  run('well', 'c');
  expect(keys()).toEqual(['c']);
});

test('what failed before can be read while the run adds its own', () => {
  run('well', 'a', 'b', 'c');
  state.begin();
  const read: string[] = [];
  for (const one of state.failedBefore()) {
    read.push(one.key);
    state.addFailed(one);
  }
  expect(read).toEqual(['a', 'b', 'c']);
  state.end(summary, false);
  expect(keys()).toEqual(['a', 'b', 'c']);
});

test('what only the target has is of one run: batches of so many at most, none of a run before, ended or killed', () => {
  const extra = (max: number): string[][] => [...state.extra(max)];
  state.begin();
  state.addExtra(['a', 'b', 'c']);
  state.addExtra(['d', 'e']);
  expect(extra(2)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  expect(extra(5)).toEqual([['a', 'b', 'c', 'd', 'e']]);
  reopen();
  state.begin();
  expect(extra(5)).toEqual([]);
  state.addExtra(['f']);
  state.end(summary, false);
  state.begin();
  expect(extra(5)).toEqual([]);
});

test('progress is of a run under way, the summary of the last one that ended', () => {
  expect(state.last()).toBeUndefined();
  state.begin();
  state.setProgress(progress);
  expect(state.progress()).toMatchObject({ event: progress });
  state.end(summary, false);
  expect(state.progress()).toBeUndefined();
  reopen();
  expect(state.last()).toMatchObject({ summary });
});

test('looking where there is no copy leaves nothing behind', () => {
  const peeked = CopyState.peek(join(folder, 'none'));
  expect([peeked.last(), peeked.progress(), [...peeked.failedBefore()]]).toEqual([undefined, undefined, []]);
  peeked.close();
});

test('why objects failed is told of this run, the commonest first, with the reason of one of them', () => {
  run('well', 'before');
  state.begin();
  const add = (code: FailedObject['code'], reason: string): void =>
    state.addFailed({ key: reason, sizeBytes: 1, code, reason });
  add('SERVICE_FAILED', 's');
  for (const reason of ['first', 'second', 'third']) add('REQUEST_REFUSED', reason);
  for (let i = 0; i < 9; i++) add('OBJECT_ARCHIVED', 'archived');
  for (const reason of ['a', 'b']) add('ACCESS_DENIED', reason);
  add('DATA_DAMAGED', 'rarest');
  expect(state.failures()).toEqual([
    { code: 'REQUEST_REFUSED', objects: 3, reason: 'first' },
    { code: 'ACCESS_DENIED', objects: 2, reason: 'a' },
    { code: 'SERVICE_FAILED', objects: 1, reason: 's' },
  ]);
});
