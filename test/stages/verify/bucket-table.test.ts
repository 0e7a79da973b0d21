import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketTable, bucketBitsFor } from '../../../src/stages/verify/bucket-table.ts';
import { bucketOf } from '../../../src/stages/verify/bucket-set.ts';

const BITS = 9;
const pair = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
/** Sums that carry over every lane. */
const extreme = fc.constantFrom('ff', '00', '01', '80').map((hex) => Buffer.from(hex.repeat(32), 'hex'));
const pairs = fc.array(fc.oneof(pair, extreme), { maxLength: 60 });

function tableOf(list: readonly Buffer[], bits = BITS): BucketTable {
  const table = new BucketTable(bits);
  for (const bytes of list) table.add(bytes, 0);
  return table;
}

/** Count and sum of each bucket as a text, with big integers. */
function plain(list: readonly Buffer[], bits: number): string[] {
  const buckets = Array.from({ length: 2 ** bits }, () => ({ count: 0, sum: 0n }));
  for (const bytes of list) {
    const bucket = buckets[bytes.readUInt32BE(0) >>> (32 - bits)];
    bucket.count++;
    bucket.sum += bytes.readBigUInt64LE(16) + (bytes.readBigUInt64LE(24) << 64n);
  }
  return buckets.map(({ count, sum }) => `${count} ${(sum % (1n << 128n)).toString(16)}`);
}

function read(table: BucketTable): string[] {
  const bytes = Buffer.alloc(table.buckets * 20);
  table.encode(bytes, 0);
  return Array.from({ length: table.buckets }, (_, bucket) => {
    const at = bucket * 20;
    const sum = bytes.readBigUInt64LE(at + 4) + (bytes.readBigUInt64LE(at + 12) << 64n);
    return `${bytes.readUInt32LE(at)} ${sum.toString(16)}`;
  });
}

test('holds count and sum modulo 2^128 of each bucket, also after folding to fewer buckets and after decoding', () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 1, max: BITS }), (list, bits) => {
      const table = tableOf(list);
      expect(read(table)).toEqual(plain(list, BITS));
      expect(read(table.fold(bits))).toEqual(plain(list, bits));
      const bytes = Buffer.alloc(table.buckets * 20);
      table.encode(bytes, 0);
      expect(read(BucketTable.decode(bytes, BITS))).toEqual(plain(list, BITS));
      expect(table.items()).toBe(list.length);
    }),
  );
});

test('does not depend on the order of items, and finds the bucket of any one that is added, lost or doubled', () => {
  fc.assert(
    fc.property(pairs, pair, (list, one) => {
      const table = tableOf(list);
      expect(table.differing(tableOf(list.toReversed())).count()).toBe(0);
      const differing = table.differing(tableOf([...list, one]));
      expect(differing.count()).toBe(1);
      expect(differing.has(bucketOf(one, BITS))).toBe(true);
      expect(
        tableOf([one])
          .differing(tableOf([one, one, one]))
          .count(),
      ).toBe(1);
    }),
  );
});

test('gives a bucket to about 16 items, within bounds', () => {
  expect([0, 1, 4096, 4097, 1_000_000, 1e12].map(bucketBitsFor)).toEqual([8, 8, 8, 9, 16, 20]);
});
