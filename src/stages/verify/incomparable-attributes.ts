import { formatAttributePath, parseAttributePath } from '../../policy/attribute-path.ts';
import type { Policy } from '../../policy/policy.ts';

/**
 * The top-level attributes, by their names at the target, that come out differently each time that the policy is applied: a rule that is not deterministic treats
 * them or something inside of them. Verification cannot tell whether the target holds the right value and must ignore them.
 */
export function incomparableAttributes({ rules }: Pick<Policy, 'rules'>): string[] {
  const names = rules
    .filter(({ traits }) => traits?.deterministic === false)
    .map(({ attribute }) => {
      const [name] = parseAttributePath(attribute);
      const top = formatAttributePath([name]);
      return rules.find((rule) => rule.attribute === top)?.rename ?? name;
    });
  return [...new Set(names)].sort();
}
