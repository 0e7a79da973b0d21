import { expect, it } from 'vitest';
import { ItemPutter, type PutItem } from '../../src/dynamodb/put-items.ts';
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
