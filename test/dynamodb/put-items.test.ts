import { expect, it } from 'vitest';
import { ItemPutter, type ItemWrite, type PutItem } from '../../src/dynamodb/put-items.ts';
import { FakeTable } from '../stages/load/fake-table.ts';

const { signal } = new AbortController();

function itemOf(key: string, kilobytes: number): PutItem {
  const bytes = Buffer.from(JSON.stringify({ PK: { S: key }, text: { S: 'x'.repeat(kilobytes * 1024) } }));
  return { bytes, start: 0, end: bytes.length };
}

it('a write that its condition stops costs as much as one that is made', async () => {
  const putter = new ItemPutter(new FakeTable(), 'users', { partition: { name: 'PK', type: 'S' } });
  const items = [itemOf('a', 0), itemOf('b', 7)];
  await putter.putConditionally(items, { kind: 'if-absent' }, signal);
  const again = await putter.putConditionally(items, { kind: 'if-absent' }, signal);
  expect(again).toMatchObject({ written: 0, skipped: 2, consumedUnits: 1 + 8 });
});

it('deletes and puts in one batch, sends again what was left of both, and finds out which of them is refused', async () => {
  const table = new FakeTable();
  for (const key of ['a', 'b', 'c']) table.items.set(key, { PK: { S: key } });
  let left = 2;
  table.leaves = (keys) => (left-- > 0 ? keys.slice(1) : []);
  const putter = new ItemPutter(table, 'users', { partition: { name: 'PK', type: 'S' } }, { random: () => 0 });
  const deleteOf = (key: string): ItemWrite => ({ ...itemOf(key, 0), deletes: true });
  const batch = [deleteOf('a'), itemOf('d', 1), deleteOf('b'), deleteOf('not there')];
  expect(await putter.putBatch(batch, signal)).toMatchObject({ written: 4, refused: [] });
  expect([...table.items.keys()].sort()).toEqual(['c', 'd']);
  expect(table.calls.map(({ keys }) => keys.length)).toEqual([4, 3, 2]);

  table.isValid = (item) => item['PK']['S'] !== 'bad';
  const { written, refused } = await putter.putBatch([deleteOf('c'), deleteOf('bad'), itemOf('e', 0)], signal);
  expect(written).toBe(2);
  expect(refused.map(({ item, code }) => [item.deletes, code])).toEqual([[true, 'ValidationException']]);
  expect([...table.items.keys()].sort()).toEqual(['d', 'e']);
});
