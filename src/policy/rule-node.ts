import { DynaferryError } from '../model/errors.ts';
import { formatAttributePath, parseAttributePath } from './attribute-path.ts';
import { buildRule, type RuleResources } from './build-rule.ts';
import type { RuleSpec } from './rule-schema.ts';
import type { Rule } from './rules/rule.ts';

/** What the policy does to one attribute, or to one entry of a map. */
export interface RuleNode {
  /** As the policy writes it: `address.street`. */
  readonly path: string;
  readonly name: string;
  /** Whether a rule names it, and not only something inside of it. */
  listed: boolean;
  drop: boolean;
  /** Its name at the target, where that is another one. */
  rename: string | undefined;
  /** What is done to its value; undefined where it stays. */
  rule: Rule | undefined;
  /** Rules for entries of the map that it holds. */
  readonly entries: RuleNode[];
}

/** The policy's rules as a tree of names. Throws POLICY_INVALID. */
export async function buildRuleNodes(
  attributes: Readonly<Record<string, RuleSpec>>,
  resources: RuleResources,
): Promise<RuleNode[]> {
  const roots: RuleNode[] = [];
  for (const [text, spec] of Object.entries(attributes)) {
    const node = nodeAt(roots, parseAttributePath(text));
    if (node.listed)
      throw new DynaferryError('POLICY_INVALID', `attributes: there are two rules for ${node.path}`, {
        fix: 'Leave one of them.',
      });
    node.listed = true;
    if (spec === 'drop') node.drop = true;
    if (typeof spec === 'string') continue;
    node.rename = spec.rename === node.name ? undefined : spec.rename;
    node.rule = await buildRule(node.path, spec, resources);
  }
  refuseTreatedTwice(roots);
  return roots;
}

function nodeAt(roots: RuleNode[], names: readonly string[]): RuleNode {
  let siblings = roots;
  let node: RuleNode | undefined;
  names.forEach((name, depth) => {
    node = siblings.find((sibling) => sibling.name === name);
    if (node === undefined) {
      const path = formatAttributePath(names.slice(0, depth + 1));
      node = { path, name, listed: false, drop: false, rename: undefined, rule: undefined, entries: [] };
      siblings.push(node);
    }
    siblings = node.entries;
  });
  if (node === undefined) throw new RangeError('a path has at least one name');
  return node;
}

/** A map that a rule replaces as a whole has no entries left for another rule. */
function refuseTreatedTwice(nodes: readonly RuleNode[]): void {
  for (const node of nodes) {
    if (node.entries.length > 0 && (node.drop || node.rule !== undefined))
      throw new DynaferryError(
        'POLICY_INVALID',
        `attributes: ${node.path} has the rule ${ruleName(node)}, so ${node.entries[0].path} cannot have one`,
        { fix: `Only keep and rename go together with rules inside of ${node.path}.` },
      );
    refuseTreatedTwice(node.entries);
  }
}

/** Whether the attribute passes as it is, and all inside of it. */
export function isUntouched(node: RuleNode): boolean {
  return !node.drop && node.rule === undefined && node.rename === undefined && node.entries.every(isUntouched);
}

/** The rule as migration.yaml calls it. */
export function ruleName(node: RuleNode): string {
  return node.rule?.name ?? (node.drop ? 'drop' : node.rename === undefined ? 'keep' : 'rename');
}

/** All nodes, each before those inside of it. */
export function* allNodes(nodes: readonly RuleNode[]): Generator<RuleNode> {
  for (const node of nodes) {
    yield node;
    yield* allNodes(node.entries);
  }
}
