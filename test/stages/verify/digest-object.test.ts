import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { BucketTable } from '../../../src/stages/verify/bucket-table.ts';
import { decodeDigests, encodeDigests } from '../../../src/stages/verify/digest-object.ts';
import { computeSideDigests } from '../../../src/stages/verify/digest-pass.ts';
import { compareDigests, type DigestFacts, type SideDigests } from '../../../src/stages/verify/side-digests.ts';
import { TargetReader } from '../../../src/stages/verify/side-reader.ts';
import { join } from 'node:path';
import { MemoryItems } from './memory-items.ts';
import { newFolder, side, subjectPK } from './setup.ts';

const facts: DigestFacts = {
  side: 'target',
  of: 'a table',
  policyHash: 'the hash',
  keySchema: { partition: { name: 'PK', type: 'S' }, sort: { name: 'n', type: 'N' } },
  ignore: ['_dynaferry'],
  bucketBits: 1,
  items: 3,
  filtered: 0,
  refused: 0,
  startedMs: 1_800_000_000_000,
};

function small(): SideDigests {
  const table = new BucketTable(1);
  const first = Buffer.from('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f', 'hex');
  const second = Buffer.from('80112233445566778899aabbccddeeffffffffffffffffffffffffffffffffff', 'hex');
  for (const pair of [first, second, second]) table.add(pair, 0);
  return { facts: { ...facts }, table };
}

test('is the object that docs/formats/digests.md describes', async () => {
  const bytes = gunzipSync(await encodeDigests(small()));
  const line =
    '{"format":"dynaferry-digests","version":1,"side":"target","of":"a table","policyHash":"the hash","keySchema":{"partition":{"name":"PK","type":"S"},' +
    '"sort":{"name":"n","type":"N"}},"ignore":["_dynaferry"],"bucketBits":1,"items":3,"filtered":0,"refused":0,"startedMs":1800000000000}\n';
  expect(bytes.subarray(0, line.length).toString()).toBe(line);
  expect(bytes.subarray(line.length).toString('hex')).toBe(
    ['01000000', '000102030405060708090a0b0c0d0e0f', '02000000', 'feffffffffffffffffffffffffffffff'].join(''),
  );
});

test('digests of an item are those that docs/formats/digests.md describes', async () => {
  const items = new MemoryItems(['{"PK":{"S":"a"},"n":{"N":"1.50"}}']);
  const { table } = await computeSideDigests('target', side(items), new TargetReader(subjectPK), subjectPK, {
    file: join(newFolder(), 'digests'),
    itemsEstimate: 1,
    nowMs: () => 0,
  });
  const bytes = Buffer.alloc(table.buckets * 20);
  table.encode(bytes, 0);
  const bucket = Array.from({ length: 256 }, (_, i) => i).filter((i) => table.countOf(i) > 0);
  // printf '1:a' | sha256sum | cut -c1-2
  expect(bucket).toEqual([0x41]);
  // printf '\0\0\0\2PKS\0\0\0\1a\0\0\0\1nN\0\0\0\00515E-1' | sha256sum | cut -c1-32
  expect(bytes.subarray(0x41 * 20 + 4, 0x41 * 20 + 20).toString('hex')).toBe('5a191ef343e5f439b3b5f48426d3acce');
});

test('comes back as it was', async () => {
  const digests = small();
  digests.facts.positions = [
    { sealed: null, done: true },
    { sealed: 'abc', done: false },
  ];
  const decoded = await decodeDigests(await encodeDigests(digests), 'it');
  expect(decoded.facts).toEqual(digests.facts);
  expect(decoded.table.differing(digests.table).count()).toBe(0);
});

test('a damaged, truncated or foreign object is refused as damaged', async () => {
  const object = await encodeDigests(small());
  const plain = gunzipSync(object);
  const wrong = [
    Buffer.alloc(0),
    Buffer.from('no gzip'),
    object.subarray(0, -9),
    gzipSync(plain.subarray(0, -1)),
    gzipSync(Buffer.concat([plain, Buffer.alloc(20)])),
    gzipSync(Buffer.from('no header')),
    gzipSync(Buffer.from(plain.toString('latin1').replace('"version":1', '"version":2'), 'latin1')),
    gzipSync(Buffer.from(plain.toString('latin1').replace('"items":3', '"items":4'), 'latin1')),
    gzipSync(Buffer.from(plain.toString('latin1').replace('"bucketBits":1', '"bucketBits":33'), 'latin1')),
  ];
  for (const bytes of wrong) await expect(decodeDigests(bytes, 'it')).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
});

test('digests that are not of the same thing, or not complete, are not compared', () => {
  const target = small();
  const source = (change: Partial<DigestFacts>): SideDigests => ({
    table: target.table,
    facts: { ...facts, side: 'source', ...change },
  });
  expect(compareDigests(source({ of: 'another table' }), target)).toMatchObject({ equal: 3 });
  const refused: [Partial<DigestFacts>, string][] = [
    [{ policyHash: 'another' }, 'POLICY_MISMATCH'],
    [{ keySchema: { partition: { name: 'PK', type: 'S' } } }, 'KEY_SCHEMA_MISMATCH'],
    [{ ignore: [] }, 'CONFIG_INVALID'],
    [{ side: 'target' }, 'DATA_DAMAGED'],
    [{ positions: [] }, 'DATA_DAMAGED'],
  ];
  for (const [change, code] of refused)
    expect(() => compareDigests(source(change), target), code).toThrow(expect.objectContaining({ code }));
});

test('tables of different size are compared by the smaller one', () => {
  const target = small();
  const fine = new BucketTable(9);
  fine.add(Buffer.from('00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f', 'hex'), 0);
  const source: SideDigests = { facts: { ...facts, side: 'source', bucketBits: 9 }, table: fine };
  const { differing, equal } = compareDigests(source, target);
  expect([differing.bits, differing.has(0), differing.has(1), equal]).toEqual([1, false, true, 1]);
});
