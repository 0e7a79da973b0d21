import { expect, test } from 'vitest';
import { CopyLine } from '../../../src/cli/progress/copy-line.ts';
import type { CopyProgress } from '../../../src/index.ts';

const nothing: CopyProgress = {
  type: 'copy',
  copy: 'a-to-b',
  listed: 0,
  listingDone: false,
  same: 0,
  objectsTotal: 0,
  bytesTotal: 0,
  copied: 0,
  bytes: 0,
  failed: 0,
  archived: 0,
  deleted: 0,
  connections: 0,
  throttles: 0,
  retries: 0,
};

/** The lines after these have been heard, a second apart. */
function shown(...progress: Partial<CopyProgress>[]): string[] {
  const line = new CopyLine();
  progress.forEach((some, second) => line.hear({ ...nothing, ...some }, 1000 * second));
  return line.lines(1000 * (progress.length - 1)).map((cells) => cells.join('  '));
}

test('nothing is shown before anything is known', () => expect(new CopyLine().lines(0)).toEqual([]));

test('while the source is being listed, neither share nor time are known', () => {
  expect(
    shown(
      { listed: 1200, same: 1000, objectsTotal: 200, bytesTotal: 2e9, connections: 4 },
      { listed: 2000, same: 1500, objectsTotal: 500, bytesTotal: 5e9, copied: 10, bytes: 1e8, connections: 4 },
    ),
  ).toEqual([
    '10 of 500 objects  100.0 MB of 5.0 GB  100.0 MB/s',
    '2,000 listed so far  1,500 the same  4 connections',
  ]);
});

test('where the target has all of it, that is no longer a matter of time', () => {
  expect(shown({ listed: 7, same: 7 })[0]).toBe('nothing to copy yet');
  expect(shown({ listed: 7, same: 7, listingDone: true })[0]).toBe('nothing to copy');
});

test('goodput, share, time left, and what went wrong', () => {
  const all = {
    listed: 600,
    listingDone: true,
    objectsTotal: 500,
    bytesTotal: 5e9,
    failed: 1,
    archived: 2,
    deleted: 3,
    retries: 1,
    throttles: 2,
    connections: 1,
  };
  expect(shown(all, { ...all, copied: 50, bytes: 1e9 })).toEqual([
    '50 of 500 objects  1.0 GB of 5.0 GB  20 %  1.0 GB/s  8.9 s left',
    '600 listed  1 connection  1 failed  2 archived  3 deleted  1 retry  2 throttles',
  ]);
});

test('it is not done before its last object', () => {
  const all = { listed: 2, listingDone: true, objectsTotal: 2, bytesTotal: 100, bytes: 100, copied: 1 };
  expect(shown(all)[0]).toBe('1 of 2 objects  100 bytes of 100 bytes  99 %');
});

test('what is sent again makes no more arrive than there is', () => {
  const all = { listed: 2, listingDone: true, objectsTotal: 2, bytesTotal: 503_300_000, copied: 1 };
  expect(shown({ ...all, bytes: 704_600_000 })[0]).toBe('1 of 2 objects  503.3 MB of 503.3 MB  99 %');
});
