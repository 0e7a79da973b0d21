import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FunctionRule } from '../../../src/policy/rules/function.ts';
import { Refusal, type RuleTraits } from '../../../src/policy/rules/rule.ts';
import { functionsFrom } from '../../../src/policy/user-function.ts';
import { applyRule } from './apply-rule.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-function-'));
});
afterAll(() => rm(folder, { recursive: true }));

const traits: RuleTraits = { deterministic: true, keepsUniqueness: false, reversible: false, keepsType: false };

async function ruleOf(file: string, source: string, declared: Partial<RuleTraits> = {}): Promise<FunctionRule> {
  await writeFile(join(folder, file), source);
  const loaded = await functionsFrom(folder)(file, 'default');
  return new FunctionRule(loaded, file, 'default', 'nick', { ...traits, ...declared });
}

async function reasonOf(rule: FunctionRule): Promise<string> {
  try {
    applyRule(rule, { S: 'canary-value' });
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
  throw new Error('not refused');
}

test('gives the value and the attribute to the function, and takes what it returns', async () => {
  const rule = await ruleOf('upper.mjs', 'export default (v, c) => ({ S: c.attribute + ":" + v.S.toUpperCase() });');
  expect(applyRule(rule, { S: 'jo' })).toEqual({ S: 'nick:JO' });
});

test('runs TypeScript', async () => {
  const rule = await ruleOf('typed.ts', 'export default (v: { S: string }): object => ({ S: v.S.length.toString() });');
  expect(applyRule(rule, { S: 'jo' })).toEqual({ S: '2' });
});

test('drops the attribute where the function returns undefined', async () => {
  expect(applyRule(await ruleOf('drop.mjs', 'export default () => undefined;'), { S: 'jo' })).toBeUndefined();
});

test('loads what the file holds now, and tells contents apart', async () => {
  const first = await ruleOf('same.mjs', 'export default () => ({ N: "1" });');
  const second = await ruleOf('same.mjs', 'export default () => ({ N: "2" });');
  expect(applyRule(first, { S: 'jo' })).toEqual({ N: '1' });
  expect(applyRule(second, { S: 'jo' })).toEqual({ N: '2' });
  expect(second.parameters).not.toEqual(first.parameters);
});

test('refuses what it cannot put into an item, and says so without the value', async () => {
  const cases: [file: string, source: string, reason: RegExp, declared?: Partial<RuleTraits>][] = [
    ['plain.mjs', 'export default (v) => v.S;', /not DynamoDB JSON/],
    ['half.mjs', 'export default () => ({ S: "\\ud83d" });', /not DynamoDB JSON/],
    ['async.mjs', 'export default async (v) => { throw new Error(v.S); };', /asynchronous/],
    [
      'throws.mjs',
      '\nexport default (v) => { throw new Error(v.S + " throws.mjs:999:1"); };',
      /threw an error at throws\.mjs:2$/,
    ],
    ['odd.mjs', 'export default (v) => { throw v.S; };', /threw an error$/],
    ['type.mjs', 'export default () => ({ N: "1" });', /keepsType/, { keepsType: true }],
  ];
  for (const [file, source, reason, declared] of cases) {
    const text = await reasonOf(await ruleOf(file, source, declared));
    expect(text).toMatch(reason);
    expect(text).not.toContain('canary');
  }
});

test('says what is wrong with the file', async () => {
  await expect(functionsFrom(folder)('missing.mjs', 'default')).rejects.toThrow(/cannot be read/);
  await expect(ruleOf('none.mjs', 'export const other = 1;')).rejects.toThrow(/does not export a function 'default'/);
  await expect(ruleOf('broken.mjs', 'export default (;')).rejects.toThrow(/cannot be loaded/);
});
