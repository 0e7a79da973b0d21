import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import { applyTo, policyOf } from './policy-of.ts';

const text = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
const examples = Array.from(text.matchAll(/^```yaml\n(.*?)^```$/gms), (match) => match[1]);

test('docs/policy.md has examples', () => {
  expect(examples.length).toBeGreaterThan(7);
});

test.each(examples)('this example of docs/policy.md is valid:\n%s', async (example) => {
  const { policy } = parse(withTestKeys(example)) as { policy: PolicySpec };
  expect((await policyOf(policy, { './mask.ts': (value) => value })).isEmpty).toBe(false);
});

/** `name: { rule }   # before -> after`. */
const claims = Array.from(text.matchAll(/^ {4}(\w+: \{.*\}) +# (.+?) -> (.+)$/gm), (match) => match.slice(1));

test.each(claims.filter(([rule]) => !rule.includes('tokenize')))('%s makes %s into %s', async (rule, before, after) => {
  const attributes = parse(rule) as NonNullable<PolicySpec['attributes']>;
  const [name] = Object.keys(attributes);
  const result = applyTo(await policyOf({ attributes }), JSON.stringify({ [name]: { S: before } }));
  expect(JSON.parse(result ?? '')).toEqual({ [name]: { S: after } });
});

function withTestKeys(example: string): string {
  return example.replace(/key: (?:env|file):[\w./]+/g, 'key: env:ONE');
}
