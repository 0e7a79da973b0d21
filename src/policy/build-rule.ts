import { DynaferryError } from '../model/errors.ts';
import { fitsDynamoDb } from '../model/number.ts';
import { isAttributeValue } from './value-json.ts';
import type { AttributeValue } from './filter/attribute-value.ts';
import type { RuleSpec } from './rule-schema.ts';
import type { Secret } from './secret.ts';
import type { LoadFunction } from './user-function.ts';
import { EncryptRule } from './rules/encrypt.ts';
import { FunctionRule } from './rules/function.ts';
import { generaliseRule } from './rules/generalise.ts';
import { hashRule } from './rules/hash.ts';
import { maskRule } from './rules/mask.ts';
import type { Rule } from './rules/rule.ts';
import { SetRule } from './rules/set.ts';
import { tokenizeRule } from './rules/tokenize.ts';
import { truncateRule } from './rules/truncate.ts';

type Treatment = Exclude<RuleSpec, string>;

/** What a rule needs from outside the policy. */
export interface RuleResources {
  secret(reference: string): Promise<Secret>;
  loadFunction: LoadFunction;
}

/** The rule for the attribute at `path`; undefined where the policy only keeps or renames it. Throws POLICY_INVALID. */
export async function buildRule(path: string, spec: Treatment, resources: RuleResources): Promise<Rule | undefined> {
  if (spec.set !== undefined) return new SetRule(literal(path, spec.set));
  if (spec.mask !== undefined) return maskRule(spec.mask);
  if (spec.hash !== undefined) return hashRule(await resources.secret(spec.hash.key));
  if (spec.tokenize !== undefined) return tokenizeRule(await resources.secret(spec.tokenize.key));
  if (spec.truncate !== undefined) return truncateRule(spec.truncate);
  if (spec.generalise !== undefined) return generaliseRule(String(spec.generalise.step));
  if (spec.encrypt !== undefined)
    return new EncryptRule(await resources.secret(spec.encrypt.key), path, spec.encrypt.as ?? 'B');
  if (spec.function !== undefined) return functionRule(path, spec.function, resources.loadFunction);
  return undefined;
}

async function functionRule(
  path: string,
  spec: NonNullable<Treatment['function']>,
  loadFunction: LoadFunction,
): Promise<Rule> {
  const exported = spec.export ?? 'default';
  return new FunctionRule(await loadFunction(spec.file, exported), spec.file, exported, path, {
    deterministic: spec.deterministic ?? true,
    keepsUniqueness: spec.keepsUniqueness ?? false,
    reversible: spec.reversible ?? false,
    keepsType: spec.keepsType ?? false,
  });
}

function literal(path: string, value: NonNullable<Treatment['set']> | null): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: numberText(path, value) };
  if (isAttributeValue(value)) return value;
  throw new DynaferryError('POLICY_INVALID', `attributes.${path}.set: not a value in DynamoDB JSON`, {
    fix: 'Give a string, a number, true, false or null, or for instance { "SS": ["a", "b"] }.',
  });
}

function numberText(path: string, value: number): string {
  const text = String(value);
  // YAML has read it as a double: what a double cannot hold exactly is not what the user wrote.
  const exact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (exact && fitsDynamoDb(text)) return text;
  throw new DynaferryError('POLICY_INVALID', `attributes.${path}.set: the number is too large to be read exactly`, {
    fix: 'Write it as text: { "N": "12345678901234567890" }.',
  });
}
