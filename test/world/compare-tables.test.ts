import { expect, test } from 'vitest';
import { compareTables } from './compare-tables.ts';
import { writeItems } from './table.ts';
import type { Item } from './table.ts';
import { useWorld } from './use-world.ts';

const { source, target } = await useWorld('dynamodb');

async function tables(sourceItems: Item[], targetItems: Item[]) {
  const [from, to] = await Promise.all([source.createTable(), target.createTable()]);
  await writeItems(source.dynamodb, from, sourceItems);
  await writeItems(target.dynamodb, to, targetItems);
  return [
    { client: source.dynamodb, table: from },
    { client: target.dynamodb, table: to },
  ] as const;
}

test('missing, extra and different items are told apart', async () => {
  const [from, to] = await tables(
    [{ PK: { S: 'same' } }, { PK: { S: 'gone' } }, { PK: { S: 'other' }, n: { N: '1' } }],
    [{ PK: { S: 'same' } }, { PK: { S: 'more' } }, { PK: { S: 'other' }, n: { N: '2' } }],
  );
  expect(await compareTables(from, to)).toEqual({
    equal: 1,
    missing: ['[["PK",{"S":"gone"}]]'],
    extra: ['[["PK",{"S":"more"}]]'],
    different: ['[["PK",{"S":"other"}]]'],
  });
});

test('every type counts, the order of sets and maps does not', async () => {
  const item = (flip: boolean): Item => ({
    PK: { S: 'k' },
    set: { SS: flip ? ['b', 'a'] : ['a', 'b'] },
    map: { M: flip ? { y: { NULL: true }, x: { BOOL: false } } : { x: { BOOL: false }, y: { NULL: true } } },
    binary: { B: Buffer.from([0, 255]) },
    binaries: { BS: flip ? [Buffer.from([2]), Buffer.from([1])] : [Buffer.from([1]), Buffer.from([2])] },
    list: { L: [{ N: '12345678901234567890123456789012345678' }, { S: '' }] },
  });
  const [from, to] = await tables([item(false)], [item(true)]);
  expect(await compareTables(from, to)).toMatchObject({ equal: 1, different: [] });
  const changed = { ...item(false), binary: { B: Buffer.from([0, 254]) } };
  await writeItems(target.dynamodb, to.table, [changed]);
  expect((await compareTables(from, to)).different).toHaveLength(1);
});

test('the policy says what should be there', async () => {
  const [from, to] = await tables(
    [
      { PK: { S: 'in' }, country: { S: 'China' }, sex: { S: 'm' } },
      { PK: { S: 'out' }, country: { S: 'Peru' } },
    ],
    [{ PK: { S: 'in' }, country: { S: 'China' } }],
  );
  const policy = ({ sex: _dropped, ...rest }: Item): Item | undefined =>
    rest.country.S === 'China' ? rest : undefined;
  expect(await compareTables(from, to, policy)).toEqual({ equal: 1, missing: [], extra: [], different: [] });
});
