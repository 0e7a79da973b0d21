import { createHash } from 'node:crypto';
import { allNodes, isUntouched, type RuleNode } from './rule-node.ts';
import { stableText } from './stable-text.ts';
import type { Unlisted } from './rule-tree.ts';

/** Of the text below. A change of what any rule writes for the same parameters is a change of this number. */
const HASH_VERSION = 1;

/**
 * SHA-256 in hex over all that decides what the policy lets through: two policies with the same hash make the same bytes of the same items.
 * Keys go in as fingerprints, files as hashes. What changes nothing, such as the order of rules or a `keep` where everything is kept, does not go in.
 */
export function hashPolicy(filter: string | undefined, nodes: readonly RuleNode[], unlisted: Unlisted): string {
  const rules = [...allNodes(nodes)]
    .filter((node) => !isUntouched(node) || (unlisted !== 'keep' && nodes.includes(node)))
    .map((node) => ({
      path: node.path,
      drop: node.drop,
      rename: node.rename ?? null,
      rule: node.rule === undefined ? null : { name: node.rule.name, parameters: node.rule.parameters },
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const canonical = { version: HASH_VERSION, filter: filter ?? null, unlisted, rules };
  return createHash('sha256').update(stableText(canonical)).digest('hex');
}

/** The hash of a policy that lets everything through as it is. */
export const emptyPolicyHash = hashPolicy(undefined, [], 'keep');
