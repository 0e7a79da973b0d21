import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verify, type VerifyProgress } from '../../../src/stages/verify/verify.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryItems } from './memory-items.ts';
import { newFolder, settingsOf, side, subjectPK } from './setup.ts';

const item = (pk: string, rest = ''): string => `{"PK":{"S":"${pk}"}${rest}}`;
const count = (n: number): string[] => Array.from({ length: n }, (_, i) => item(`key ${i}`, `,"n":{"N":"${i}"}`));

test('two empty tables are equal', async () => {
  const result = await verify(settingsOf(new MemoryItems([]), new MemoryItems([])));
  expect(result).toMatchObject({ equal: 0, missing: 0, extra: 0, different: 0, differencesFile: undefined });
});

test('the same values written in other ways are equal', async () => {
  const source = `{"PK":{"S":"aé"},"n":{"N":"1.0"},"big":{"N":"1E+2"},"s":{"SS":["x","y"]},"ns":{"NS":["10","2.50"]},"b":{"BS":["AA==","/w=="]},"m":{"M":{"p":{"NULL":true},"q":{"L":[{"N":"-0"}]}}}}`;
  const target = `{ "m" : {"M":{"q":{"L":[{"N":"0.00"}]},"p":{"NULL":true}}},"b":{"BS":["\\/w==","AA=="]},"ns":{"NS":["25e-1","1e1"]},"s":{"SS":["\\u0079","x"]},"big":{"N":"100"},"n":{"N":"1"},"PK":{"S":"a\\u00e9"}}`;
  expect(await verify(settingsOf(new MemoryItems([source]), new MemoryItems([target])))).toMatchObject({
    equal: 1,
    different: 0,
  });
});

test.each([
  [
    'the last of 38 digits',
    '{"N":"12345678901234567890123456789012345678"}',
    '{"N":"12345678901234567890123456789012345679"}',
  ],
  ['a type', '{"S":"1"}', '{"N":"1"}'],
  ['the order of a list', '{"L":[{"S":"a"},{"S":"b"}]}', '{"L":[{"S":"b"},{"S":"a"}]}'],
  ['a list for a set', '{"SS":["a"]}', '{"L":[{"S":"a"}]}'],
  ['a letter’s case', '{"S":"a"}', '{"S":"A"}'],
  ['a composed character', '{"S":"\\u00e9"}', '{"S":"e\\u0301"}'],
  ['where a list ends', '{"L":[{"L":[{"S":"a"}]},{"S":"b"}]}', '{"L":[{"L":[{"S":"a"},{"S":"b"}]}]}'],
  ['false for NULL', '{"NULL":true}', '{"BOOL":false}'],
])('%s is a difference', async (_, left, right) => {
  const result = await verify(
    settingsOf(new MemoryItems([item('a', `,"v":${left}`)]), new MemoryItems([item('a', `,"v":${right}`)])),
  );
  expect(result).toMatchObject({ equal: 0, missing: 0, extra: 0, different: 1 });
});

test('ignored attributes are not compared, and a key attribute cannot be ignored', async () => {
  const source = new MemoryItems([item('a', ',"v":{"S":"x"},"_dynaferry":{"S":"1"}'), item('b')]);
  const target = new MemoryItems([item('a', ',"v":{"S":"x"}'), item('b', ',"_dynaferry":{"S":"2"}')]);
  const ignoring = (ignore: string[]) => settingsOf(source, target, { subject: { ...subjectPK, ignore } });
  expect(await verify(ignoring(['_dynaferry']))).toMatchObject({ equal: 2, different: 0 });
  expect(await verify(ignoring([]))).toMatchObject({ equal: 0, different: 2 });
  await expect(verify(ignoring(['PK']))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('an item that the policy leaves without the target’s key is missing', async () => {
  const policy = await policyOf({ attributes: { other: { rename: 'id' } } });
  const keySchema = { partition: { name: 'id', type: 'S' } } as const;
  const source = new MemoryItems([item('a'), item('b', ',"other":{"S":"c"}')]);
  const settings = settingsOf(source, new MemoryItems(['{"id":{"S":"c"},"PK":{"S":"b"}}']), {
    subject: { policyHash: policy.hash, keySchema, ignore: [] },
  });
  settings.source.policy = policy;
  const result = await verify(settings);
  expect(result).toMatchObject({ equal: 1, missing: 1, extra: 0, different: 0 });
  expect(result.differences[0].key).toBeUndefined();
});

test('items at the target that fail the filter are told apart, where a filter is given', async () => {
  const policy = await policyOf({ filter: "country = 'China'" });
  const china = ',"country":{"S":"China"}';
  const source = new MemoryItems([item('a', china), item('b'), item('c')]);
  const target = new MemoryItems([item('a', china), item('b'), item('d', china)]);
  const settings = settingsOf(source, target, { subject: { ...subjectPK, policyHash: policy.hash } });
  settings.source.policy = policy;
  expect(await verify(settings)).toMatchObject({ extra: 2, failsPolicy: undefined, filteredAtSource: 2 });
  expect(await verify({ ...settings, target: { ...settings.target, filter: policy } })).toMatchObject({
    extra: 2,
    failsPolicy: 1,
  });
});

test('lists differences up to the limit, counts them all, and leaves nothing else behind', async () => {
  const settings = settingsOf(new MemoryItems(count(50)), new MemoryItems([]), { differencesMax: 10 });
  const result = await verify(settings);
  expect(result).toMatchObject({ missing: 50, equal: 0, itemsSource: 50, itemsTarget: 0 });
  expect(result.differences).toHaveLength(10);
  expect(readdirSync(settings.folder)).toEqual(['verify-differences.jsonl']);
  const file = join(settings.folder, 'verify-differences.jsonl');
  expect(result.differencesFile).toBe(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual(
    result.differences.map(({ key = '', ...rest }) => ({ ...rest, key: JSON.parse(key) as object })),
  );
  // No differences any more: the old list must not look like a new one.
  await verify({ ...settings, source: { ...settings.source, items: new MemoryItems([]) } });
  expect(readdirSync(settings.folder)).toEqual([]);
});

test('reports progress of both sides and reads a second time only where something differs', async () => {
  const seen: VerifyProgress[] = [];
  const same = settingsOf(new MemoryItems(count(20)), new MemoryItems(count(20)), {
    onProgress: (progress) => seen.push(progress),
  });
  await verify(same);
  expect(seen.at(-1)).toMatchObject({ pass: 'digests', items: 20 });
  expect(new Set(seen.map(({ pass }) => pass))).toEqual(new Set(['digests']));
  await verify({ ...same, target: side(new MemoryItems(count(19))) });
  const last = (name: string, pass: string): number | undefined =>
    seen.findLast((progress) => progress.side === name && progress.pass === pass)?.items;
  expect([last('source', 'keys'), last('target', 'digests'), last('target', 'keys')]).toEqual([20, 19, 19]);
});

test('keys of the source as they are before the policy lie nowhere readable while differences are looked up', async () => {
  const policy = await policyOf({ attributes: { PK: { hash: { key: 'env:ONE' } } } });
  const folder = newFolder();
  const settings = settingsOf(new MemoryItems([item('canary-key')]), new MemoryItems([]), {
    folder,
    subject: { ...subjectPK, policyHash: policy.hash },
  });
  settings.source.policy = policy;
  let looked = 0;
  settings.recheck = {
    source: {
      find: async (key) => {
        looked++;
        expect(key.toString()).toBe('{"PK":{"S":"canary-key"}}');
        for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file)).includes('canary')).toBe(false);
        return Buffer.from(item('canary-key'));
      },
    },
    target: { find: async () => undefined },
    itemsMax: 10,
    sourceKeyOf: () => undefined,
  };
  expect(await verify(settings)).toMatchObject({ missing: 1, settled: 0 });
  expect(looked).toBe(1);
  expect(readFileSync(join(folder, 'verify-differences.jsonl')).includes('canary')).toBe(false);
});
