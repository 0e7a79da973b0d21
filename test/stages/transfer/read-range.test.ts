import { expect, test } from 'vitest';
import type { S3Bucket } from '../../../src/s3/bucket.ts';
import { readRange } from '../../../src/stages/transfer/read-range.ts';
import { memoryLink } from './memory-link.ts';

const GIB = 2 ** 30;

test.each([
  ['a slow link', 100_000, 8 * 2 ** 20, 10],
  ['a fast link', 1e9, 8 * 2 ** 20, 1],
  ['huge parts on a fast link', 1e9, 3 * GIB, 6],
])('a range is cut as the link is, and no answer is too large to be taken: %s', async (_, rate, bytes, pieces) => {
  const asked: { start: number; end: number }[] = [];
  const get: S3Bucket['get'] = async (_key, options) => {
    const { start, end, into } = options!.range!;
    asked.push({ start, end });
    return { sizeBytes: into!.length, etag: '"e"', metadata: {}, headers: {}, body: into! };
  };
  const link = { ...memoryLink(), source: { get } as S3Bucket };
  link.gate.bytesPerSecond = () => rate;
  // Pages that nobody writes to cost nothing.
  const into = Buffer.from(new ArrayBuffer(bytes));
  await readRange(link, { key: 'k', etag: '"e"', sizeBytes: bytes + 7 }, 7, into);
  expect(asked).toHaveLength(pieces);
  let at = 7;
  for (const { start, end } of asked) {
    expect(start).toBe(at);
    expect(end - start).toBeLessThan(GIB);
    at = end;
  }
  expect(at).toBe(bytes + 7);
});
