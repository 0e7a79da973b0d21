import type { Finding } from '../model/finding.ts';
import { keyAttributes, type KeyAttribute, type KeySchema } from '../model/key.ts';
import { isUntouched, type RuleNode } from './rule-node.ts';
import { rivalsOf, type Unlisted } from './rule-tree.ts';

/** What is known of the tables besides their primary keys. */
export interface KeyCheckOptions {
  /** The target's secondary indexes, each with its name and key. */
  indexes?: readonly { name: string; key: KeySchema }[];
  /** Attributes that items are known to have, for instance from a sample: to find renames that would collide. */
  attributesSeen?: Iterable<string>;
}

/**
 * What rules do to keys, found before data moves: a rule that would drop a key attribute, merge two keys into one or change a key's type, a key of the
 * target that nothing produces, and attributes that would get one name.
 */
export function checkKeys(
  nodes: readonly RuleNode[],
  unlisted: Unlisted,
  sourceKey: KeySchema,
  targetKey: KeySchema,
  options: KeyCheckOptions = {},
): Finding[] {
  const policy = { nodes, unlisted };
  const source = keyAttributes(sourceKey);
  const target = keyAttributes(targetKey);
  return [
    ...source.flatMap((attribute) => checkSourceKey(policy, attribute, target)),
    ...target.flatMap((attribute) => checkTargetKey(policy, attribute, source)),
    ...(options.indexes ?? []).flatMap(({ name, key }) =>
      keyAttributes(key).flatMap((attribute) => checkIndexKey(policy, name, attribute)),
    ),
    ...checkNames(policy, [...source.map(({ name }) => name), ...(options.attributesSeen ?? [])]),
  ];
}

interface Rules {
  nodes: readonly RuleNode[];
  unlisted: Unlisted;
}

function checkSourceKey({ nodes, unlisted }: Rules, { name, type }: KeyAttribute, target: KeyAttribute[]): Finding[] {
  const node = nodes.find((other) => other.name === name);
  if (node === undefined && unlisted !== 'keep')
    return [
      onKey(
        `unlisted: ${unlisted} ${unlisted === 'drop' ? 'drops' : 'refuses'} the key attribute ${name}`,
        `Add the rule ${name}: keep.`,
      ),
    ];
  if (node?.drop === true)
    return [onKey(`the rule drop on ${name} drops a key attribute`, `Keep ${name}, or hash or tokenize it.`)];
  if (node !== undefined && node.rule === undefined && !node.entries.every(isUntouched))
    return [
      onKey(
        `${name} is a key attribute and so no map, and each item would be refused`,
        `Remove the rules inside of ${name}.`,
      ),
    ];
  const findings: Finding[] = [];
  const rule = node?.rule;
  if (rule !== undefined && !rule.traits.keepsUniqueness) findings.push(mergesKeys(rule.name, name));
  if (rule !== undefined && !rule.traits.deterministic)
    findings.push(
      onKey(
        `the rule ${rule.name} on ${name} is not deterministic: each run would make other keys`,
        `Use a deterministic rule on ${name}.`,
      ),
    );
  const targetName = node?.rename ?? name;
  const image = target.find((attribute) => attribute.name === targetName);
  if (image === undefined) findings.push(notInTargetKey(name, targetName));
  else if (rule !== undefined) findings.push(...checkType(rule.outputType(type), rule.name, name, image));
  else if (image.type !== type) findings.push(typesDiffer(name, type, image));
  return findings;
}

function checkType(output: string | undefined, rule: string, name: string, image: KeyAttribute): Finding[] {
  if (output === image.type) return [];
  const becomes = output === undefined ? 'may give a value of any type' : `gives a value of type ${output}`;
  return [
    onKey(
      `the rule ${rule} on ${name} ${becomes}, and the target's key ${image.name} is of type ${image.type}`,
      `Use a rule that gives ${image.type}, or a target table whose key is ${image.name} of type ${output ?? 'S'}.`,
    ),
  ];
}

function checkTargetKey({ nodes, unlisted }: Rules, { name }: KeyAttribute, source: KeyAttribute[]): Finding[] {
  const producers = nodes.filter((node) => !node.drop && (node.rename ?? node.name) === name);
  const sourceHasIt = source.some((attribute) => attribute.name === name);
  const listed = nodes.some((node) => node.name === name);
  if (producers.length === 0 && !(sourceHasIt && !listed && unlisted === 'keep'))
    return [
      {
        severity: 'error',
        code: 'KEY_SCHEMA_MISMATCH',
        message: `no rule produces ${name}, a key attribute of the target`,
        fix: `Rename the attribute that becomes it: <name>: { rename: ${name} }.`,
      },
    ];
  const sources = new Set(source.map((attribute) => attribute.name));
  const fromOther = producers.filter((node) => !sources.has(node.name));
  return fromOther.map((node) => ({
    severity: 'warning',
    code: 'KEY_SCHEMA_MISMATCH',
    message: `the target's key ${name} comes from ${node.name}, which is no key at the source: items that lack it are refused, and items that share its value become one`,
    fix: `Make sure that every item has ${node.name}, and each another value.`,
  }));
}

function checkIndexKey({ nodes, unlisted }: Rules, index: string, { name, type }: KeyAttribute): Finding[] {
  const producers = nodes.filter((node) => !node.drop && (node.rename ?? node.name) === name);
  const listed = nodes.some((node) => node.name === name);
  if (producers.length === 0 && (listed || unlisted !== 'keep'))
    return [
      onIndex(
        `the policy lets no ${name} through, so no item will be in the target's index ${index}`,
        `Keep ${name}, or create the target without the index.`,
      ),
    ];
  return producers.flatMap(({ rule, name: source }) => {
    if (rule === undefined || rule.outputType(type) === type) return [];
    return [
      onIndex(
        `the rule ${rule.name} on ${source} may change its type, and the target's index ${index} wants ${type}`,
        `DynamoDB refuses items of which ${name} is not ${type}: use another rule, or another index.`,
      ),
    ];
  });
}

/** Attributes that would come out under one name; items that have both are refused, see RuleTree. */
function checkNames({ nodes, unlisted }: Rules, known: readonly string[]): Finding[] {
  const seen = new Set([...known, ...nodes.map((node) => node.name)]);
  return nodes.flatMap((node) =>
    rivalsOf(node, nodes, unlisted)
      .filter((rival) => seen.has(rival))
      .map((rival) => collision(node, rival, known.includes(rival) || known.includes(node.name))),
  );
}

function collision(node: RuleNode, rival: string, isKnown: boolean): Finding {
  const how = rival === node.rename ? 'has that name' : 'is renamed to that too';
  return {
    severity: isKnown ? 'error' : 'warning',
    code: 'RENAME_COLLISION',
    message: `${node.name} is renamed to ${node.rename}, and ${rival} ${how}: items that have both are refused`,
    fix: 'Give one of them another name, or drop it.',
  };
}

function mergesKeys(rule: string, name: string): Finding {
  const declare = rule === 'function' ? ', or declare keepsUniqueness if the function keeps it' : '';
  return onKey(
    `the rule ${rule} on ${name} can make two keys one, and one of the items would be lost`,
    `Use hash, tokenize or encrypt on ${name}${declare}.`,
  );
}

function notInTargetKey(name: string, targetName: string): Finding {
  const renamed = name === targetName ? '' : `, renamed to ${targetName},`;
  return {
    severity: 'error',
    code: 'KEY_SCHEMA_MISMATCH',
    message: `the key attribute ${name}${renamed} is not in the target's key: items that differ in nothing else of their key become one`,
    fix: 'Rename it to a key attribute of the target, or load into a table with the same key.',
  };
}

function typesDiffer(name: string, type: string, image: KeyAttribute): Finding {
  return {
    severity: 'error',
    code: 'KEY_SCHEMA_MISMATCH',
    message: `the key attribute ${name} is of type ${type}, and the target's key ${image.name} of type ${image.type}`,
    fix: 'Load into a table whose key has the same type.',
  };
}

function onKey(message: string, fix: string): Finding {
  return { severity: 'error', code: 'RULE_ON_KEY', message, fix };
}

function onIndex(message: string, fix: string): Finding {
  return { severity: 'warning', code: 'RULE_ON_INDEX_KEY', message, fix };
}
