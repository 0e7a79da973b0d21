import { ByteWriter } from '../../src/model/byte-writer.ts';
import { ItemView } from '../../src/model/item.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import type { UserFunction } from '../../src/policy/user-function.ts';

export const keys: Readonly<Record<string, string>> = {
  'env:ONE': 'the first key, of 32 bytes or so',
  'env:TWO': 'the other key, of 32 bytes or so',
};

/** A policy with the two keys above, and with functions given by name in place of files. */
export function policyOf(spec: PolicySpec, functions: Record<string, UserFunction> = {}): Promise<Policy> {
  return compilePolicy(spec, {
    readKey: async (reference) => Buffer.from(keys[reference] ?? ''),
    loadFunction: async (file) => ({ call: functions[file], sha256: `hash of ${file}` }),
  });
}

/** What the policy makes of an item given as JSON text; undefined where it is filtered out. */
export function applyTo(policy: Policy, json: string): string | undefined {
  const bytes = Buffer.from(`  ${json}  `);
  const view = new ItemView(policy.names);
  view.read(bytes, 2);
  const out = new ByteWriter(16);
  out.ascii('before');
  const outcome = policy.apply(view, out);
  const written = out.take().toString();
  if (outcome === 'passed') return written.slice('before'.length);
  if (written !== 'before') throw new Error('wrote something of an item that is filtered out');
  return undefined;
}
