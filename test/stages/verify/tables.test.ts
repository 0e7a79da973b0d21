import { DeleteItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { Pacer } from '../../../src/engine/pacer.ts';
import { TableSource } from '../../../src/stages/export/table-source.ts';
import { TableLookup } from '../../../src/stages/verify/item-lookup.ts';
import { sourceKeysOf } from '../../../src/stages/verify/key-mapping.ts';
import { verify, type VerifySettings } from '../../../src/stages/verify/verify.ts';
import { clientOf } from '../../dynamodb/client-of.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { writeItems, type Item } from '../../world/table.ts';
import { useWorld } from '../../world/use-world.ts';
import type { WorldSite } from '../../world/world-site.ts';
import { newFolder, sealer } from './setup.ts';

const world = await useWorld('dynamodb');
const policy = await policyOf({
  filter: "country = 'China'",
  attributes: { id: { rename: 'PK' }, govid: { hash: { key: 'env:ONE' } }, sex: 'drop' },
});
const sourceKey = { partition: { name: 'id', type: 'S' }, sort: { name: 'n', type: 'N' } } as const;
const targetKey = { partition: { name: 'PK', type: 'S' }, sort: { name: 'n', type: 'N' } } as const;

/** HMAC-SHA-256 of 'AB-1' with the key `env:ONE` of policyOf, by another tool. */
const GOVID = '578d360c3b43a2ce542d6ddbddb18e89c37448cafd0675c3ccb92a7168e73fd6';

function exotic(i: number, country: string): Item {
  const values: Record<string, AttributeValue> = {
    n: { N: `${i}.50` },
    country: { S: country },
    big: { N: `1234567890123456789012345678901234567${i % 10}` },
    tiny: { N: '-1E-130' },
    set: { SS: ['b', 'a', ''] },
    numbers: { NS: ['1', '2.5', '-3'] },
    bytes: { BS: [Buffer.from([0, 255]), Buffer.from([1])] },
    nested: { M: { z: { L: [{ NULL: true }, { BOOL: false }, { S: '' }] }, a: { B: Buffer.from([62, 63]) } } },
    'with "quotes" é': { S: '\u0000\n"\\\u{1F600}' },
  };
  return values;
}

const source = (i: number): Item => ({
  ...exotic(i, i % 3 === 0 ? 'USA' : 'China'),
  id: { S: `user ${i}` },
  govid: { S: 'AB-1' },
  sex: { S: 'x' },
});
const target = (i: number): Item => ({ ...exotic(i, 'China'), PK: { S: `user ${i}` }, govid: { S: GOVID } });

function tableWith(site: WorldSite, partition: string): Promise<string> {
  return site.createTable({
    AttributeDefinitions: [
      { AttributeName: partition, AttributeType: 'S' },
      { AttributeName: 'n', AttributeType: 'N' },
    ],
    KeySchema: [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: 'n', KeyType: 'RANGE' },
    ],
  });
}

test('real tables: finds nothing in equal ones, and afterwards exactly what was changed', async () => {
  const [from, to] = [await tableWith(world.source, 'id'), await tableWith(world.target, 'PK')];
  const all = Array.from({ length: 600 }, (_, i) => i);
  const passing = all.filter((i) => i % 3 !== 0);
  await writeItems(world.source.dynamodb, from, all.map(source));
  await writeItems(world.target.dynamodb, to, passing.map(target));
  const settings = settingsFor(from, to);
  expect(await verify(settings)).toMatchObject({
    equal: 400,
    missing: 0,
    extra: 0,
    different: 0,
    settled: 0,
    filteredAtSource: 200,
  });

  const put = (item: Item): Promise<unknown> =>
    world.target.dynamodb.send(new PutItemCommand({ TableName: to, Item: item }));
  await world.target.dynamodb.send(
    new DeleteItemCommand({ TableName: to, Key: { PK: { S: 'user 1' }, n: { N: '1.5' } } }),
  );
  await put({ ...target(2), big: { N: '12345678901234567890123456789012345679' } });
  await put({ ...target(4), set: { SS: ['a', 'b'] }, more: { BOOL: true } });
  await put({ ...target(5000), PK: { S: 'nobody' } });
  await put({ ...target(3), country: { S: 'USA' } });
  const result = await verify(settings);
  expect(result).toMatchObject({ equal: 397, missing: 1, extra: 2, different: 2, settled: 0, failsPolicy: 1 });
  const found = result.differences.map(({ kind, key, attributes }) => `${kind} ${key} ${attributes?.join() ?? ''}`);
  expect(found.sort()).toEqual([
    'different {"PK":{"S":"user 2"},"n":{"N":"2.5"}} big',
    'different {"PK":{"S":"user 4"},"n":{"N":"4.5"}} more,set',
    'extra {"PK":{"S":"nobody"},"n":{"N":"5000.5"}} ',
    'extra {"PK":{"S":"user 3"},"n":{"N":"3.5"}} ',
    'missing {"PK":{"S":"user 1"},"n":{"N":"1.5"}} ',
  ]);
});

test('real tables: a difference that is mended between scan and second look is not reported', async () => {
  const [from, to] = [await tableWith(world.source, 'id'), await tableWith(world.target, 'PK')];
  await writeItems(world.source.dynamodb, from, [source(1), source(2)]);
  await writeItems(world.target.dynamodb, to, [target(1)]);
  const settings = settingsFor(from, to);
  const { recheck } = settings;
  if (recheck === undefined) throw new Error('no second look');
  let mended = false;
  const late = {
    find: async (key: Buffer): Promise<Buffer | undefined> => {
      if (!mended) await writeItems(world.target.dynamodb, to, [target(2)]);
      mended = true;
      return recheck.target.find(key);
    },
  };
  expect(await verify({ ...settings, recheck: { ...recheck, target: late } })).toMatchObject({
    equal: 2,
    missing: 0,
    settled: 1,
  });
});

function settingsFor(from: string, to: string): VerifySettings {
  const [sourceClient, targetClient] = [clientOf(world.source), clientOf(world.target)];
  const pacer = new Pacer(Infinity);
  const scan = (table: string) => ({ table, totalSegments: 16, consistentRead: true });
  return {
    subject: { policyHash: policy.hash, keySchema: targetKey, ignore: [] },
    source: {
      items: new TableSource(sourceClient, scan(from), pacer, 600),
      of: from,
      concurrency: 4,
      sealer,
      policy,
      keySchema: sourceKey,
    },
    target: {
      items: new TableSource(targetClient, scan(to), pacer, 400),
      of: to,
      concurrency: 4,
      sealer,
      filter: policy,
    },
    folder: newFolder(),
    recheck: {
      source: new TableLookup(sourceClient, from, pacer),
      target: new TableLookup(targetClient, to, pacer),
      itemsMax: 100,
      sourceKeyOf: sourceKeysOf(policy, sourceKey),
    },
    nowMs: () => Date.now(),
  };
}
