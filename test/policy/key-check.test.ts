import { expect, test } from 'vitest';
import type { KeySchema, KeyType } from '../../src/model/key.ts';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import { policyOf } from './policy-of.ts';

const key = (partition: string, type: KeyType = 'S', sort?: string): KeySchema => ({
  partition: { name: partition, type },
  ...(sort === undefined ? {} : { sort: { name: sort, type: 'S' } }),
});
const one = { hash: { key: 'env:ONE' } };

const table: [what: string, spec: PolicySpec, source: KeySchema, target: KeySchema, findings: string[]][] = [
  ['no rules', {}, key('PK'), key('PK'), []],
  ['hash', { attributes: { PK: one } }, key('PK'), key('PK'), []],
  ['tokenize a number', { attributes: { PK: { tokenize: { key: 'env:ONE' } } } }, key('PK', 'N'), key('PK', 'N'), []],
  ['rename', { attributes: { PK: { rename: 'id' } } }, key('PK'), key('id'), []],
  ['listed keys', { attributes: { PK: 'keep' }, unlisted: 'drop' }, key('PK'), key('PK'), []],
  ['drop', { attributes: { PK: 'drop' } }, key('PK'), key('PK'), ['error RULE_ON_KEY', 'error KEY_SCHEMA_MISMATCH']],
  ['unlisted: drop', { unlisted: 'drop' }, key('PK'), key('PK'), ['error RULE_ON_KEY', 'error KEY_SCHEMA_MISMATCH']],
  [
    'unlisted: refuse',
    { unlisted: 'refuse', attributes: { PK: 'keep' } },
    key('PK', 'S', 'SK'),
    key('PK', 'S', 'SK'),
    ['error RULE_ON_KEY', 'error KEY_SCHEMA_MISMATCH'],
  ],
  ['mask', { attributes: { PK: { mask: 'email' } } }, key('PK'), key('PK'), ['error RULE_ON_KEY']],
  [
    'set on the sort key',
    { attributes: { SK: { set: 'x' } } },
    key('PK', 'S', 'SK'),
    key('PK', 'S', 'SK'),
    ['error RULE_ON_KEY'],
  ],
  ['hash of a number', { attributes: { PK: one } }, key('PK', 'N'), key('PK', 'N'), ['error RULE_ON_KEY']],
  ['hash of a number into a string', { attributes: { PK: one } }, key('PK', 'N'), key('PK', 'S'), []],
  [
    'encrypt as B',
    { attributes: { PK: { encrypt: { key: 'env:ONE' } } } },
    key('PK'),
    key('PK'),
    ['error RULE_ON_KEY'],
  ],
  [
    'function',
    { attributes: { PK: { function: { file: 'f' } } } },
    key('PK'),
    key('PK'),
    ['error RULE_ON_KEY', 'error RULE_ON_KEY'],
  ],
  [
    'function with traits',
    { attributes: { PK: { function: { file: 'f', keepsUniqueness: true, keepsType: true } } } },
    key('PK'),
    key('PK'),
    [],
  ],
  ['a rule inside of it', { attributes: { 'PK.a': 'drop' } }, key('PK'), key('PK'), ['error RULE_ON_KEY']],
  ['another type', {}, key('PK', 'S'), key('PK', 'N'), ['error KEY_SCHEMA_MISMATCH']],
  ['another name', {}, key('PK'), key('id'), ['error KEY_SCHEMA_MISMATCH', 'error KEY_SCHEMA_MISMATCH']],
  ['a sort key less', {}, key('PK', 'S', 'SK'), key('PK'), ['error KEY_SCHEMA_MISMATCH']],
  [
    'a sort key more, from another attribute',
    { attributes: { email: { rename: 'SK' } } },
    key('PK'),
    key('PK', 'S', 'SK'),
    ['warning KEY_SCHEMA_MISMATCH'],
  ],
  [
    'another attribute renamed to the key',
    { attributes: { email: { rename: 'PK' } } },
    key('PK'),
    key('PK'),
    ['warning KEY_SCHEMA_MISMATCH', 'error RENAME_COLLISION'],
  ],
  [
    'two attributes to one name',
    { attributes: { a: { rename: 'c' }, b: { rename: 'c' } } },
    key('PK'),
    key('PK'),
    ['warning RENAME_COLLISION', 'warning RENAME_COLLISION'],
  ],
  [
    'onto a listed attribute',
    { attributes: { a: { rename: 'b' }, b: 'keep' } },
    key('PK'),
    key('PK'),
    ['warning RENAME_COLLISION'],
  ],
  ['onto one that is dropped', { attributes: { a: { rename: 'b' }, b: 'drop' } }, key('PK'), key('PK'), []],
  ['names swapped', { attributes: { a: { rename: 'b' }, b: { rename: 'a' } } }, key('PK'), key('PK'), []],
];

test.each(table)('%s', async (_, spec, source, target, expected) => {
  const policy = await policyOf(spec, { f: (value) => value });
  const findings = policy.checkKeys(source, target);
  expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(expected);
  for (const { message, fix } of findings) expect(`${message} ${fix}`).not.toContain('undefined');
});

test('warns of index keys that are dropped or change their type', async () => {
  const policy = await policyOf({ attributes: { email: one, age: one, city: 'drop', state: 'keep' } });
  const index = (name: string, attribute: string, type: KeyType) => ({ name, key: key(attribute, type) });
  const findings = policy.checkKeys(key('PK'), key('PK'), {
    indexes: [
      index('by-email', 'email', 'S'),
      index('by-age', 'age', 'N'),
      index('by-city', 'city', 'S'),
      index('by-zip', 'zip', 'S'),
    ],
  });
  expect(findings.map(({ severity, message }) => [severity, /index (\S+?)(?: |$)/.exec(message)?.[1]])).toEqual([
    ['warning', 'by-age'],
    ['warning', 'by-city'],
  ]);
});

test('finds renames onto attributes that a sample has shown', async () => {
  const policy = await policyOf({ attributes: { first_name: { rename: 'name' } } });
  expect(policy.checkKeys(key('PK'), key('PK'))).toEqual([]);
  const [finding] = policy.checkKeys(key('PK'), key('PK'), { attributesSeen: ['PK', 'name'] });
  expect(finding).toMatchObject({ severity: 'error', code: 'RENAME_COLLISION' });
});
