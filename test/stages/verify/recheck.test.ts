import { expect, test } from 'vitest';
import { systemClock } from '../../../src/engine/pacer.ts';
import { sourceKeysOf } from '../../../src/stages/verify/key-mapping.ts';
import type { ItemLookup } from '../../../src/stages/verify/item-lookup.ts';
import { verify, type VerifySettings } from '../../../src/stages/verify/verify.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryItems } from './memory-items.ts';
import { keepAll, settingsOf, subjectPK } from './setup.ts';

const item = (pk: string, v: string): string => `{"PK":{"S":"${pk}"},"v":{"S":"${v}"},"w":{"L":[]}}`;

/** What single reads find, by partition key. */
function lookup(now: Record<string, string>): ItemLookup & { keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    find: async (key) => {
      const { PK } = JSON.parse(key.toString()) as { PK: { S: string } };
      keys.push(PK.S);
      const found = now[PK.S] as string | undefined;
      return found === undefined ? undefined : Buffer.from(found);
    },
  };
}

function settingsFor(source: string[], target: string[], more: Partial<VerifySettings['recheck']>): VerifySettings {
  return settingsOf(new MemoryItems(source), new MemoryItems(target), {
    recheck: {
      source: lookup({}),
      target: lookup({}),
      itemsMax: 100,
      sourceKeyOf: sourceKeysOf(keepAll, subjectPK.keySchema),
      ...more,
    },
  });
}

test('differences that a second look no longer finds are not reported', async () => {
  const scannedSource = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((pk) => item(pk, 'old'));
  const scannedTarget = [
    item('a', 'old'),
    item('b', 'x'),
    item('c', 'x'),
    item('h', 'x'),
    item('i', 'x'),
    item('j', 'x'),
  ];
  const same = { b: item('b', 'new'), i: item('i', 'new') };
  const source = lookup({ ...same, c: item('c', 'new'), d: item('d', 'old'), e: item('e', 'new'), f: item('f', '1') });
  const target = lookup({ ...same, c: item('c', 'x'), e: item('e', 'new'), f: item('f', '2'), h: item('h', 'x') });
  const result = await verify(settingsFor(scannedSource, scannedTarget, { source, target }));
  const found = result.differences.map(
    ({ kind, key = '', attributes }) => `${kind} ${key} ${attributes?.join() ?? ''}`,
  );
  expect(found.sort()).toEqual([
    'different {"PK":{"S":"c"}} v',
    'different {"PK":{"S":"f"}} v',
    'extra {"PK":{"S":"h"}} ',
    'missing {"PK":{"S":"d"}} ',
  ]);
  // a by its bucket; b, e and i at the second look. g and j are gone on both sides.
  expect(result).toMatchObject({ equal: 4, missing: 1, extra: 1, different: 2, settled: 5 });
  expect(source.keys.sort()).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
});

test('looks at no more than the limit and reports the rest as found', async () => {
  const source = Array.from({ length: 50 }, (_, i) => item(`key ${i}`, 'x'));
  const target = lookup({});
  const result = await verify(settingsFor(source, [], { itemsMax: 20, target }));
  expect(target.keys).toHaveLength(20);
  expect(result).toMatchObject({ missing: 30, settled: 20 });
});

test('an extra item whose source key cannot be known is looked at in the target only', async () => {
  const source = lookup({ a: item('a', 'x') });
  const target = lookup({ a: item('a', 'x') });
  const extras = [item('a', 'x'), item('b', 'x')];
  const result = await verify(settingsFor([], extras, { source, target, sourceKeyOf: () => undefined }));
  expect(result).toMatchObject({ extra: 1, settled: 1 });
  expect(source.keys).toEqual([]);
});

test('of tables that are written to, an item that is put while they are read is found at the source, whatever rules make of keys', async () => {
  const source = new MemoryItems([]);
  const target = new MemoryItems([item('a', 'x')]);
  target.beforePage = (pagesRead) => {
    // The second pass begins.
    if (pagesRead === target.segments) source.items.push(item('a', 'x'));
  };
  const recheck = {
    source: lookup({ a: item('a', 'x') }),
    target: lookup({ a: item('a', 'x') }),
    itemsMax: 100,
    sourceKeyOf: () => undefined,
    settle: { ms: 200, clock: systemClock, random: Math.random },
  };
  expect(await verify(settingsOf(source, target, { recheck }))).toMatchObject({ equal: 1, extra: 0 });
});

test('a lookup that fails ends the verification, and the next one goes on behind the scans', async () => {
  const items = new MemoryItems([item('a', 'x')]);
  const failing: ItemLookup = { find: () => Promise.reject(new Error('no')) };
  const settings = settingsFor([], [], { target: failing });
  settings.source.items = items;
  await expect(verify(settings)).rejects.toThrow('no');
  const { pagesRead } = items;
  expect(await verify({ ...settings, recheck: undefined })).toMatchObject({ missing: 1 });
  expect(items.pagesRead).toBe(pagesRead);
});

const sourceKey = { partition: { name: 'PK', type: 'S' }, sort: { name: 'n', type: 'N' } } as const;

test('leads target keys back to source keys where rules rename at most', async () => {
  const back = sourceKeysOf(await policyOf({ attributes: { PK: { rename: 'id' }, n: 'keep' } }), sourceKey);
  expect(back(Buffer.from('{"n":{"N":"1.50"},"id":{"S":"\\u0061"}}'))?.toString()).toBe(
    '{"PK":{"S":"\\u0061"},"n":{"N":"1.50"}}',
  );
  expect(back(Buffer.from('{"id":{"S":"a"}}'))).toBeUndefined();
  const hashed = sourceKeysOf(await policyOf({ attributes: { PK: { hash: { key: 'env:ONE' } } } }), sourceKey);
  expect(hashed(Buffer.from('{"PK":{"S":"a"},"n":{"N":"1"}}'))).toBeUndefined();
});
