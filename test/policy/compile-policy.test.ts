import { expect, test } from 'vitest';
import { z } from 'zod';
import { DynaferryError } from '../../src/model/errors.ts';
import { policySchema, type PolicySpec } from '../../src/policy/policy-schema.ts';
import { policyOf } from './policy-of.ts';

const table: [spec: unknown, message: RegExp][] = [
  [{ filters: 'a = 1' }, /policy: .*filters/],
  [{ unlisted: 'no' }, /policy\.unlisted/],
  [{ attributes: { a: 'hash' } }, /policy\.attributes\.a: expected keep, drop, or a rule/],
  [{ attributes: { a: { mask: 'mail' } } }, /policy\.attributes\.a\.mask: expected email, phone/],
  [{ attributes: { a: { mask: { keepLast: -1 } } } }, /policy\.attributes\.a\.mask\.keepLast/],
  [
    { attributes: { a: { mask: { pattern: '(', with: '' } } } },
    /policy\.attributes\.a\.mask\.pattern: expected a regular expression/,
  ],
  [{ attributes: { a: { mask: { pattern: 'x*', with: '' } } } }, /does not match the empty string/],
  [{ attributes: { a: { mask: { pattern: 'x', keepLast: 1, with: '' } } } }, /a\.mask\.pattern: expected either/],
  [{ attributes: { a: { mask: { pattern: 'x' } } } }, /a\.mask\.with: expected what stands/],
  [{ attributes: { a: { mask: { keepLast: 2, with: '' } } } }, /a\.mask\.with: expected at least one/],
  [{ attributes: { a: { truncate: {} } } }, /a\.truncate\.length: expected one of length, digits and to/],
  [{ attributes: { a: { truncate: { length: 1, unit: 'seconds' } } } }, /a\.truncate\.length: expected one of/],
  [{ attributes: { a: { truncate: { lenght: 1 } } } }, /a\.truncate: .*lenght/],
  [
    { attributes: { a: { hash: { key: 'not-a-reference-but-a-key' } } } },
    /policy\.attributes\.a\.hash\.key: expected env:NAME or file:PATH/,
  ],
  [{ attributes: { a: { hash: { key: 'env:ONE' }, mask: 'email' } } }, /policy\.attributes\.a\.\w+: expected one of/],
  [{ attributes: { a: { generalise: { step: 0 } } } }, /policy\.attributes\.a\.generalise\.step/],
  [{ attributes: { a: { set: { X: 1 } } } }, /attributes\.a\.set: not a value in DynamoDB JSON/],
  [{ attributes: { a: { set: 2 ** 60 } } }, /too large to be read exactly/],
  [{ attributes: { a: 'drop', '"a"': 'drop' } }, /two rules for a/],
  [{ attributes: { a: 'drop', 'a.b': 'drop' } }, /a has the rule drop, so a\.b cannot have one/],
  [{ attributes: { 'a[0]': 'drop' } }, /element of a list/],
  [{ attributes: { 'a.': 'drop' } }, /a name is missing/],
  [{ attributes: { a: { hash: { key: 'env:SHORT' } } } }, /the key env:SHORT has 0 bytes/],
  [{ filter: 'a =' }, /a =/],
];

test.each(table)('%j is refused', async (spec, message) => {
  const error: unknown = await policyOf(spec as PolicySpec).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DynaferryError);
  expect(error).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringMatching(message) });
  expect((error as Error).message).not.toContain('not-a-reference-but-a-key');
});

test('the schema can be published as JSON Schema, with a description on every setting', () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    for (const [name, property] of Object.entries((schema as { properties?: object }).properties ?? {}))
      if (typeof (property as { description?: unknown }).description !== 'string') undescribed.push(`${path}.${name}`);
    for (const [name, inner] of Object.entries(schema)) visit(inner, `${path}.${name}`);
  };
  visit(z.toJSONSchema(policySchema, { io: 'input', target: 'draft-7' }), 'policy');
  expect(undescribed).toEqual([]);
});
