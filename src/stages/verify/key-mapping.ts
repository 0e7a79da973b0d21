import { newValueRange, readValue } from '../../model/attribute.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { keyAttributes, type KeySchema } from '../../model/key.ts';
import { formatAttributePath } from '../../policy/attribute-path.ts';
import type { Policy } from '../../policy/policy.ts';

/**
 * The way back from a target key to the source key that it came from, both as DynamoDB JSON, for a policy that renames key attributes at most.
 * Gives undefined for every key where a rule changes one: then nobody can tell.
 */
export function sourceKeysOf(
  policy: Pick<Policy, 'rules'>,
  sourceKey: KeySchema,
): (targetKey: Buffer) => Buffer | undefined {
  const pairs = keyAttributes(sourceKey).map(({ name, type }) => ({ name, type, at: nameAtTarget(policy, name) }));
  if (pairs.some(({ at }) => at === undefined)) return () => undefined;
  const names = new NameTable(pairs.map(({ at }) => at ?? ''));
  const view = new ItemView(names);
  const range = newValueRange();
  return (targetKey) => {
    view.read(targetKey, 0);
    const parts: string[] = [];
    for (const { name, type, at } of pairs) {
      const index = view.indexOf(names.idOf(at ?? ''));
      if (index < 0 || readValue(targetKey, view.valueStart[index], range).type !== type) return undefined;
      const value = targetKey.toString('utf8', view.valueStart[index], view.valueEnd[index]);
      parts.push(`${JSON.stringify(name)}:${value}`);
    }
    return Buffer.from(`{${parts.join(',')}}`);
  };
}

/** What a key attribute is called at the target; undefined where a rule does more than to rename it. */
function nameAtTarget({ rules }: Pick<Policy, 'rules'>, name: string): string | undefined {
  const path = formatAttributePath([name]);
  const rule = rules.find(({ attribute }) => attribute === path);
  if (rule === undefined) return name;
  return rule.rule === 'keep' || rule.rule === 'rename' ? (rule.rename ?? name) : undefined;
}
