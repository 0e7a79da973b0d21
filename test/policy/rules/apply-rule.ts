import { ByteWriter } from '../../../src/model/byte-writer.ts';
import type { AttributeValue } from '../../../src/policy/filter/attribute-value.ts';
import type { Rule } from '../../../src/policy/rules/rule.ts';
import { Secret } from '../../../src/policy/secret.ts';

/** What the rule makes of a value; undefined where it drops it. */
export function applyRule(rule: Rule, value: AttributeValue): AttributeValue | undefined {
  const bytes = Buffer.from(`x${JSON.stringify(value)}y`);
  const out = new ByteWriter(16);
  if (!rule.write(bytes, 1, bytes.length - 1, out)) return undefined;
  return JSON.parse(out.take().toString()) as AttributeValue;
}

/** The same for a string, for rules that make strings of strings. */
export function applyToText(rule: Rule, text: string): string {
  const result = applyRule(rule, { S: text });
  if (result === undefined || !('S' in result)) throw new Error('the rule did not give a string');
  return result.S;
}

export function secretOf(text: string): Secret {
  return new Secret('env:TEST_KEY', Buffer.from(text));
}
