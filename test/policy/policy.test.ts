import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/model/byte-writer.ts';
import { ItemView } from '../../src/model/item.ts';
import type { AttributeValue } from '../../src/policy/filter/attribute-value.ts';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import { RuleError } from '../../src/policy/rule-error.ts';
import { applyTo, keys, policyOf } from './policy-of.ts';

type Item = Record<string, AttributeValue>;

const names = ['PK', 'a', 'b', 'address', 'é"x', 'a.b', 'T'];
const scalars: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((S) => ({ S })),
  fc.integer().map((n) => ({ N: String(n) })),
  fc.constant<AttributeValue>({ NULL: true }),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
);
const entries = fc.array(fc.tuple(fc.constantFrom('street', 'city', 'T'), scalars), { maxLength: 3 });
const values = fc.oneof(
  { weight: 3, arbitrary: scalars },
  { weight: 1, arbitrary: entries.map((list) => ({ M: Object.fromEntries(list) })) },
);
const items = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), values), { selector: ([name]) => name, maxLength: 7 })
  .map((list): Item => Object.fromEntries(list));

/** Rules for which the oracle below has its own words. */
const rules = fc.constantFrom('keep', 'drop', 'rename', 'set', 'hash', 'setRename' as const);
const specs = fc.record({
  unlisted: fc.constantFrom('keep' as const, 'drop' as const, 'refuse' as const),
  rules: fc.dictionary(fc.constantFrom('a', 'b', 'address', 'é"x', 'a.b', 'address/street', 'address/city'), rules),
});

const specOf: Record<string, NonNullable<PolicySpec['attributes']>[string]> = {
  keep: 'keep',
  drop: 'drop',
  rename: { rename: 'T' },
  set: { set: 'fixed' },
  setRename: { set: 7, rename: 'T' },
  hash: { hash: { key: 'env:ONE' } },
};

class Refused extends Error {}

/** Applies rules to parsed items, sharing no code with the policy. */
function oracle(item: Item, rulesOf: Map<string, string>, unlisted: string, prefix = ''): Item {
  const result = new Map<string, AttributeValue>();
  for (const [name, value] of Object.entries(item)) {
    const path = prefix + name;
    const inner = [...rulesOf].filter(([other]) => other.startsWith(`${path}/`));
    const rule = rulesOf.get(path) ?? (inner.length > 0 ? 'keep' : unlisted);
    if (rule === 'drop') continue;
    if (rule === 'refuse') throw new Refused();
    const target = rule === 'rename' || rule === 'setRename' ? 'T' : name;
    if (result.has(target)) throw new Refused();
    result.set(target, treated(value, rule, rulesOf, path, inner));
  }
  return Object.fromEntries(result);
}

function treated(
  value: AttributeValue,
  rule: string,
  rulesOf: Map<string, string>,
  path: string,
  inner: [string, string][],
): AttributeValue {
  if (rule === 'set') return { S: 'fixed' };
  if (rule === 'setRename') return { N: '7' };
  if (rule === 'hash') return hashed(value);
  if (inner.every(([, other]) => other === 'keep')) return value;
  if ('M' in value) return { M: oracle(value.M, rulesOf, 'keep', `${path}/`) };
  if ('NULL' in value) return value;
  throw new Refused();
}

function hashed(value: AttributeValue): AttributeValue {
  const hmac = (text: string): string => createHmac('sha256', keys['env:ONE']).update(text).digest('hex');
  if ('S' in value) return { S: hmac(value.S) };
  if ('N' in value) return { S: hmac(value.N) };
  if ('SS' in value) return { SS: value.SS.map(hmac) };
  if ('NULL' in value) return value;
  throw new Refused();
}

/** Rules inside of an attribute that is replaced as a whole are refused when the policy is compiled. */
function isConsistent(given: Record<string, string>): boolean {
  const inside = 'address/street' in given || 'address/city' in given;
  return !inside || ['keep', 'rename', undefined].includes(given.address);
}

test('an item that passes is what an oracle on parsed items makes of it, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(
      specs,
      fc.array(items, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (spec, list, spaced) => {
        fc.pre(isConsistent(spec.rules));
        const given = Object.entries(spec.rules);
        const policy = await policyOf({
          unlisted: spec.unlisted,
          attributes: Object.fromEntries(
            given.map(([path, rule]) => [
              path.includes('/') ? path.replace('/', '.') : `"${path.replace('"', '""')}"`,
              specOf[rule],
            ]),
          ),
        });
        for (const item of list) {
          const json = spaced ? JSON.stringify(item, null, 1) : JSON.stringify(item);
          expect(outcomeOf(() => JSON.parse(applyTo(policy, json) ?? 'null'))).toBe(
            outcomeOf(() => oracle(item, new Map(given), spec.unlisted)),
          );
        }
      },
    ),
    { numRuns: 1000 },
  );
});

function outcomeOf(make: () => unknown): string {
  try {
    return JSON.stringify(make());
  } catch (error) {
    if (error instanceof Refused || error instanceof RuleError) return 'refused';
    throw error;
  }
}

test('what no rule touches is copied byte for byte', async () => {
  const policy = await policyOf({ attributes: { sex: 'drop', first_name: { rename: 'given_name' } } });
  const untouched = '{ "PK" : {"S":"\\u0041"} ,"n":{"N":"1.50"} }';
  expect(applyTo(policy, untouched)).toBe(untouched);
  expect(
    applyTo(
      policy,
      '{"PK":{"S":"\\u0041"} , "n":{"N":"-0"},"sex":{"S":"f"}, "first_name" : {"S":"\\/"},"z":{"NULL":true}}',
    ),
  ).toBe('{"PK":{"S":"\\u0041"} , "n":{"N":"-0"},"given_name":{"S":"\\/"},"z":{"NULL":true}}');
  expect(applyTo(policy, '{"s\\u0065x":{"S":"f"}}')).toBe('{}');
});

test('filters and masks the way the example of the documentation says', async () => {
  const policy = await policyOf({
    filter: "country = 'China'",
    attributes: {
      govid: { hash: { key: 'env:ONE' } },
      email: { mask: 'email', rename: 'contact' },
      sex: 'drop',
      first_name: { rename: 'given_name' },
    },
  });
  const item = {
    PK: { S: 'u-1' },
    first_name: { S: 'Jane' },
    email: { S: 'jane.doe@example.com' },
    sex: { S: 'f' },
    country: { S: 'China' },
    govid: { S: '123-45-6789' },
  };
  expect(JSON.parse(applyTo(policy, JSON.stringify(item)) ?? '')).toEqual({
    PK: { S: 'u-1' },
    given_name: { S: 'Jane' },
    contact: { S: 'j***@example.com' },
    country: { S: 'China' },
    govid: { S: createHmac('sha256', keys['env:ONE']).update('123-45-6789').digest('hex') },
  });
  expect(applyTo(policy, JSON.stringify({ ...item, country: { S: 'Chile' } }))).toBeUndefined();
  expect(policy.attributesNamed).toEqual(['country', 'govid', 'email', 'sex', 'first_name']);
  expect(policy.pushDown?.FilterExpression).toBeTypeOf('string');
  expect(policy.isEmpty).toBe(false);
});

test('a refused item leaves nothing behind, and its error holds no value', async () => {
  const canary = 'canary-5f1d';
  const cases: [PolicySpec, Item, rule: string, attribute: string][] = [
    [{ attributes: { x: { hash: { key: 'env:ONE' } } } }, { x: { M: { y: { S: canary } } } }, 'hash', 'x'],
    [{ attributes: { x: { truncate: { to: 'day' } } } }, { x: { S: canary } }, 'truncate', 'x'],
    [{ attributes: { x: { generalise: { step: 5 } } } }, { x: { S: canary } }, 'generalise', 'x'],
    [{ attributes: { x: { tokenize: { key: 'env:ONE' } } } }, { x: { S: `${canary}\u0301` } }, 'tokenize', 'x'],
    [{ attributes: { x: { mask: { pattern: '#', with: '' } } } }, { x: { S: canary } }, 'mask', 'x'],
    [{ attributes: { 'x.y': 'drop' } }, { x: { S: canary } }, 'drop', 'x.y'],
    [{ attributes: { 'x.y': { mask: 'email' } } }, { x: { L: [{ M: { y: { S: canary } } }] } }, 'mask', 'x.y'],
    [{ attributes: { x: { rename: 'z' } } }, { x: { S: canary }, z: { S: canary } }, 'rename', 'x'],
    [
      { attributes: { PK: 'keep', x: 'keep' }, unlisted: 'refuse' },
      { x: { S: canary }, q: { S: canary } },
      'unlisted',
      'q',
    ],
    [{ attributes: { x: { function: { file: 'f' } } } }, { x: { S: canary } }, 'function', 'x'],
  ];
  for (const [spec, item, rule, attribute] of cases) {
    const policy = await policyOf(spec, {
      f: (value) => {
        throw new Error(JSON.stringify(value));
      },
    });
    const view = new ItemView(policy.names);
    view.read(Buffer.from(JSON.stringify({ PK: { S: canary }, ...item })), 0);
    const out = new ByteWriter();
    out.ascii('before');
    const error = errorOf(() => policy.apply(view, out));
    expect(error).toBeInstanceOf(RuleError);
    expect(error).toMatchObject({ rule, attribute, code: 'RULE_REFUSED' });
    expect(`${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain(canary);
    expect(out.take().toString()).toBe('before');
  }
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a function may drop its attribute wherever it stands', async () => {
  const policy = await policyOf({ attributes: { x: { function: { file: 'f' } } } }, { f: () => undefined });
  expect(applyTo(policy, '{"x":{"S":"1"},"y":{"S":"2"}}')).toBe('{"y":{"S":"2"}}');
  expect(applyTo(policy, '{"y":{"S":"2"},"x":{"S":"1"}}')).toBe('{"y":{"S":"2"}}');
  expect(applyTo(policy, '{"x":{"S":"1"}}')).toBe('{}');
});

test('a function that is not deterministic makes the policy so', async () => {
  const attributes = { x: { function: { file: 'f', deterministic: false } } };
  expect((await policyOf({ attributes }, { f: () => ({ S: 'x' }) })).isDeterministic).toBe(false);
  expect((await policyOf({ attributes: { x: { mask: 'email' } } })).isDeterministic).toBe(true);
});

test('attributes that go to one name are let through one at a time, and not together', async () => {
  const policy = await policyOf({ attributes: { mail: { rename: 'email' }, e_mail: { rename: 'email' } } });
  expect(applyTo(policy, '{"mail":{"S":"1"}}')).toBe('{"email":{"S":"1"}}');
  expect(applyTo(policy, '{"e_mail":{"S":"1"}}')).toBe('{"email":{"S":"1"}}');
  expect(() => applyTo(policy, '{"mail":{"S":"1"},"e_mail":{"S":"2"}}')).toThrow(RuleError);
  expect(() => applyTo(policy, '{"email":{"S":"1"},"e_mail":{"S":"2"}}')).toThrow(RuleError);
});
