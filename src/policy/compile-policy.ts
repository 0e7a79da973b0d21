import { DynaferryError } from '../model/errors.ts';
import { NameTable } from '../model/item.ts';
import { keyAttributes, type KeySchema } from '../model/key.ts';
import { parseAttributePath } from './attribute-path.ts';
import { canonicalText } from './filter/canonical-text.ts';
import { compileFilter } from './filter/compile.ts';
import { parseFilter } from './filter/parser.ts';
import { namesOf } from './filter/paths.ts';
import { pushDown } from './filter/push-down.ts';
import { hashPolicy } from './policy-hash.ts';
import { policySchema, type PolicySpec } from './policy-schema.ts';
import { Policy } from './policy.ts';
import type { ReadKey } from './read-key.ts';
import { buildRuleNodes } from './rule-node.ts';
import { namesOfNodes } from './rule-tree.ts';
import { schemaProblem } from './schema-problem.ts';
import { Secret } from './secret.ts';
import type { LoadFunction } from './user-function.ts';

/** What a policy needs from outside. */
export interface PolicyResources {
  readKey: ReadKey;
  loadFunction: LoadFunction;
  /** The key of the table that items are read from: its names go into `policy.names`, so that the same view serves a KeyReader. */
  keySchema?: KeySchema | undefined;
  /** Other names that somebody looks for in the same views. */
  namesBesides?: readonly string[];
  /** An attribute that never leaves, whatever the policy says: ours. */
  ours?: string;
}

/**
 * Makes a policy of the `policy` section of migration.yaml: reads keys, loads functions, compiles the filter.
 * Throws POLICY_INVALID for what is not valid in it, or not there.
 */
export async function compilePolicy(spec: PolicySpec, resources: PolicyResources): Promise<Policy> {
  const { filter: filterText, attributes = {}, unlisted = 'keep' } = checked(spec);
  const condition = filterText === undefined ? undefined : parseFilter(filterText);
  const { ours } = resources;
  const nodes = await buildRuleNodes(ours === undefined ? attributes : withoutOurs(attributes, ours), {
    secret: cachedSecrets(resources.readKey),
    loadFunction: resources.loadFunction,
  });
  const filterNames = condition === undefined ? [] : namesOf(condition);
  const keyNames = resources.keySchema === undefined ? [] : keyAttributes(resources.keySchema).map(({ name }) => name);
  const names = new NameTable([...filterNames, ...namesOfNodes(nodes), ...keyNames, ...(resources.namesBesides ?? [])]);
  return new Policy({
    hash: hashPolicy(condition === undefined ? undefined : canonicalText(condition), nodes, unlisted),
    names,
    attributesNamed: [...new Set([...filterNames, ...nodes.map(({ name }) => name)])].filter((name) => name !== ours),
    attributesInFilter: filterNames,
    filter: condition === undefined ? undefined : compileFilter(condition, names),
    pushDown: condition === undefined ? undefined : pushDown(condition),
    nodes,
    unlisted,
  });
}

/** The rules, and one that drops our attribute. Throws POLICY_INVALID where a rule is about it. */
function withoutOurs(
  attributes: NonNullable<PolicySpec['attributes']>,
  ours: string,
): NonNullable<PolicySpec['attributes']> {
  for (const [path, spec] of Object.entries(attributes))
    if (parseAttributePath(path)[0] === ours || (typeof spec === 'object' && spec.rename === ours))
      throw new DynaferryError(
        'POLICY_INVALID',
        `attributes: ${ours} is the attribute of replicate.conflict: managed`,
        {
          fix: `Leave ${ours} out of the policy.`,
        },
      );
  return { ...attributes, [ours]: 'drop' };
}

function checked(spec: PolicySpec): PolicySpec {
  const result = policySchema.safeParse(spec);
  if (result.success) return result.data;
  const { path, message } = schemaProblem(result.error);
  throw new DynaferryError('POLICY_INVALID', `${['policy', ...path].map(String).join('.')}: ${message}`);
}

/** Reads each key once, however many rules name it. */
function cachedSecrets(readKey: ReadKey): (reference: string) => Promise<Secret> {
  const secrets = new Map<string, Secret>();
  return async (reference) => {
    const known = secrets.get(reference);
    if (known !== undefined) return known;
    const secret = new Secret(reference, await readKey(reference));
    secrets.set(reference, secret);
    return secret;
  };
}
