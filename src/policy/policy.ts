import type { ByteWriter } from '../model/byte-writer.ts';
import type { Finding } from '../model/finding.ts';
import type { ItemView, NameTable } from '../model/item.ts';
import type { KeyAttribute, KeySchema } from '../model/key.ts';
import type { CompiledFilter } from './filter/compile.ts';
import type { PushDown } from './filter/push-down.ts';
import { checkKeys, type KeyCheckOptions } from './key-check.ts';
import { emptyPolicyHash } from './policy-hash.ts';
import { allNodes, ruleName, type RuleNode } from './rule-node.ts';
import { RuleTree, type Unlisted } from './rule-tree.ts';
import type { RuleTraits } from './rules/rule.ts';

/** What a policy is made of; compilePolicy makes it. */
export interface PolicyParts {
  hash: string;
  names: NameTable;
  attributesNamed: readonly string[];
  attributesInFilter: readonly string[];
  filter: CompiledFilter | undefined;
  pushDown: PushDown | undefined;
  nodes: readonly RuleNode[];
  unlisted: Unlisted;
}

/** One rule, for people to look at. */
export interface RuleSummary {
  /** The attribute's path as the policy writes it. */
  attribute: string;
  rule: string;
  /** Its name at the target, where that is another one. */
  rename: string | undefined;
  /** Undefined for keep, drop and rename, which do nothing to the value. */
  traits: RuleTraits | undefined;
}

/**
 * What may leave the source and in what form: the one place where items are filtered and masked, for scan, stream and verification alike.
 * Views are not shared between calls that overlap, so one policy serves one thread.
 */
export class Policy {
  /** SHA-256 in hex; equal for policies that make the same of the same items. Written into everything that the policy let through. */
  readonly hash: string;
  /** What views of items that are given to this policy must be made with. */
  readonly names: NameTable;
  /** Top-level attributes that the filter or a rule names. Items that lack one deserve a look before the run. */
  readonly attributesNamed: readonly string[];
  /** Those of them that the filter names. */
  readonly attributesInFilter: readonly string[];
  /** The filter as parameters of Scan, to read less; applying the policy gives the same with and without. Undefined where there is none, or it cannot be. */
  readonly pushDown: PushDown | undefined;
  readonly #filter: CompiledFilter | undefined;
  readonly #nodes: readonly RuleNode[];
  readonly #unlisted: Unlisted;
  readonly #tree: RuleTree;

  constructor(parts: PolicyParts) {
    this.hash = parts.hash;
    this.names = parts.names;
    this.attributesNamed = parts.attributesNamed;
    this.attributesInFilter = parts.attributesInFilter;
    this.pushDown = parts.pushDown;
    this.#filter = parts.filter;
    this.#nodes = parts.nodes;
    this.#unlisted = parts.unlisted;
    this.#tree = new RuleTree(parts.nodes, parts.names, parts.unlisted);
  }

  /** Whether everything passes as it is. */
  get isEmpty(): boolean {
    return this.hash === emptyPolicyHash;
  }

  /** Whether applying the policy again gives the same bytes, which verification needs. */
  get isDeterministic(): boolean {
    return this.rules.every((rule) => rule.traits?.deterministic !== false);
  }

  /** All rules, each before those for what lies inside its attribute. */
  get rules(): RuleSummary[] {
    return [...allNodes(this.#nodes)]
      .filter((node) => node.listed)
      .map((node) => ({
        attribute: node.path,
        rule: ruleName(node),
        rename: node.rename,
        traits: node.rule?.traits,
      }));
  }

  /** Whether the item passes the filter. */
  matches(item: ItemView): boolean {
    return this.#filter === undefined || this.#filter(item);
  }

  /**
   * Writes the item in the form in which it may leave, as one item of DynamoDB JSON, whether it passes the filter or not.
   * Throws RuleError where a rule cannot treat a value; `out` is then as it was.
   */
  transform(item: ItemView, out: ByteWriter): void {
    const before = out.length;
    try {
      this.#tree.transform(item, out);
    } catch (error) {
      out.truncate(before);
      throw error;
    }
  }

  /** Filters and transforms: writes nothing for an item that does not pass. Throws RuleError like transform. */
  apply(item: ItemView, out: ByteWriter): 'passed' | 'filtered' {
    if (!this.matches(item)) return 'filtered';
    this.transform(item, out);
    return 'passed';
  }

  /** What becomes of a key attribute of this type: its name and type at the target; undefined where it is dropped or its type cannot be told. */
  keyAttributeAtTarget({ name, type }: KeyAttribute): KeyAttribute | undefined {
    const node = this.#nodes.find((one) => one.name === name);
    if (node === undefined) return this.#unlisted === 'keep' ? { name, type } : undefined;
    if (node.drop) return undefined;
    const typeAfter = node.rule === undefined ? type : node.rule.outputType(type);
    if (typeAfter !== 'S' && typeAfter !== 'N' && typeAfter !== 'B') return undefined;
    return { name: node.rename ?? name, type: typeAfter };
  }

  /** What the rules would do to the keys; an error among the findings means that items would be lost or refused. */
  checkKeys(sourceKey: KeySchema, targetKey: KeySchema, options?: KeyCheckOptions): Finding[] {
    return checkKeys(this.#nodes, this.#unlisted, sourceKey, targetKey, options);
  }
}
