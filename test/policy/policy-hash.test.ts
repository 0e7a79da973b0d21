import { expect, test } from 'vitest';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import { emptyPolicyHash } from '../../src/policy/policy-hash.ts';
import { policyOf } from './policy-of.ts';

const hashOf = async (spec: PolicySpec): Promise<string> =>
  (await policyOf(spec, { f: (value) => value, g: (value) => value })).hash;

test('the hash of a policy of nothing is this one for ever', async () => {
  expect(emptyPolicyHash).toBe('44fced24638e7c0b856825085c24b01b3e098e854c99b21b715c602a0f8f388e');
  const specs: PolicySpec[] = [
    {},
    { unlisted: 'keep' },
    { attributes: {} },
    { attributes: { a: 'keep', 'b.c': 'keep' } },
  ];
  for (const spec of specs) expect(await hashOf(spec)).toBe(emptyPolicyHash);
  expect((await policyOf({ attributes: { a: 'keep' } })).isEmpty).toBe(true);
});

test('the same policy written in another way has the same hash', async () => {
  const one = await hashOf({ filter: "a = 'x'  AND b = 1.0", attributes: { a: 'drop', b: { mask: { keepLast: 4 } } } });
  const other = await hashOf({
    filter: "(a = 'x') AND b = 1",
    attributes: { b: { mask: { with: '*', keepLast: 4 } }, '"a"': 'drop' },
    unlisted: 'keep',
  });
  expect(other).toBe(one);
});

test('whatever changes what comes out changes the hash', async () => {
  const specs: PolicySpec[] = [
    {},
    { unlisted: 'drop' },
    { unlisted: 'refuse' },
    { unlisted: 'drop', attributes: { a: 'keep' } },
    { filter: "a = 'x'" },
    { filter: "a = 'y'" },
    { attributes: { a: 'drop' } },
    { attributes: { b: 'drop' } },
    { attributes: { 'a.b': 'drop' } },
    { attributes: { '"a.b"': 'drop' } },
    { attributes: { a: { rename: 'b' } } },
    { attributes: { a: { rename: 'c' } } },
    { attributes: { a: { set: '1' } } },
    { attributes: { a: { set: 1 } } },
    { attributes: { a: { set: null } } },
    { attributes: { a: { mask: 'email' } } },
    { attributes: { a: { mask: 'phone' } } },
    { attributes: { a: { mask: { keepLast: 4 } } } },
    { attributes: { a: { mask: { keepFirst: 4 } } } },
    { attributes: { a: { mask: { pattern: 'x', with: '' } } } },
    { attributes: { a: { hash: { key: 'env:ONE' } } } },
    { attributes: { a: { hash: { key: 'env:TWO' } } } },
    { attributes: { a: { tokenize: { key: 'env:ONE' } } } },
    { attributes: { a: { encrypt: { key: 'env:ONE' } } } },
    { attributes: { a: { encrypt: { key: 'env:ONE', as: 'S' } } } },
    { attributes: { a: { truncate: { length: 3 } } } },
    { attributes: { a: { truncate: { digits: 3 } } } },
    { attributes: { a: { truncate: { to: 'day' } } } },
    { attributes: { a: { truncate: { to: 'day', unit: 'milliseconds' } } } },
    { attributes: { a: { generalise: { step: 5 } } } },
    { attributes: { a: { function: { file: 'f' } } } },
    { attributes: { a: { function: { file: 'g' } } } },
    { attributes: { a: { function: { file: 'f', keepsType: true } } } },
  ];
  const hashes = await Promise.all(specs.map(hashOf));
  expect(new Set(hashes).size).toBe(specs.length);
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
});
