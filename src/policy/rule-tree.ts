import { newValueRange, readValue } from '../model/attribute.ts';
import type { ByteWriter } from '../model/byte-writer.ts';
import { ItemView, NameTable } from '../model/item.ts';
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE } from '../model/json-bytes.ts';
import { RuleError } from './rule-error.ts';
import { isUntouched, ruleName, type RuleNode } from './rule-node.ts';
import { Refusal } from './rules/rule.ts';

export type Unlisted = 'keep' | 'drop' | 'refuse';

/** A node together with what applying it needs. */
interface Step {
  node: RuleNode;
  untouched: boolean;
  /** `"name":` at the target. */
  renamed: Buffer | undefined;
  /** Ids of attributes that would have the same name at the target. */
  rivals: number[];
  /** Rules inside of the value, and the view that they read it with. */
  inner: RuleTree | undefined;
  view: ItemView | undefined;
}

/** The names that a tree of these nodes needs in the name table of the views that it is given. */
export function namesOfNodes(nodes: readonly RuleNode[]): string[] {
  return nodes.flatMap((node) => (node.rename === undefined ? [node.name] : [node.name, node.rename]));
}

/**
 * Applies rules to the attributes of an item, or to the entries of a map, which has the same form. Attributes that stay are copied as they stand,
 * neighbours in one piece.
 */
export class RuleTree {
  readonly #unlisted: Unlisted;
  /** By id in the views' name table. */
  readonly #steps: (Step | undefined)[];
  /** Ids of attributes that do not pass as they are. */
  readonly #touched: number[] = [];
  readonly #range = newValueRange();

  constructor(nodes: readonly RuleNode[], names: NameTable, unlisted: Unlisted) {
    this.#unlisted = unlisted;
    this.#steps = names.names.map(() => undefined);
    for (const node of nodes) {
      const id = names.idOf(node.name);
      this.#steps[id] = stepOf(
        node,
        rivalsOf(node, nodes, unlisted).map((name) => names.idOf(name)),
      );
      if (!isUntouched(node)) this.#touched.push(id);
    }
  }

  /** Writes what becomes of the item. Throws RuleError, and then what was written by then must be taken back. */
  transform(item: ItemView, out: ByteWriter): void {
    if (!this.#touches(item)) return out.copy(item.bytes, item.start, item.end);
    out.byte(OPEN_BRACE);
    const first = out.length;
    let keptStart = -1;
    let keptEnd = -1;
    for (let i = 0; i < item.count; i++) {
      const id = item.nameId[i];
      const step = id < 0 ? undefined : this.#steps[id];
      if (step === undefined ? this.#unlisted === 'keep' : step.untouched) {
        if (keptStart < 0) keptStart = item.nameStart[i] - 1;
        keptEnd = item.valueEnd[i];
        continue;
      }
      if (keptStart >= 0) {
        if (out.length > first) out.byte(COMMA);
        out.copy(item.bytes, keptStart, keptEnd);
        keptStart = -1;
      }
      if (step !== undefined) this.#write(step, item, i, first, out);
      else if (this.#unlisted === 'refuse') throw unlistedError(item.nameAt(i));
    }
    if (keptStart >= 0) {
      if (out.length > first) out.byte(COMMA);
      out.copy(item.bytes, keptStart, keptEnd);
    }
    out.byte(CLOSE_BRACE);
  }

  #touches(item: ItemView): boolean {
    if (this.#unlisted !== 'keep') return true;
    for (const id of this.#touched) if (item.indexOf(id) >= 0) return true;
    return false;
  }

  #write(step: Step, item: ItemView, index: number, first: number, out: ByteWriter): void {
    if (step.node.drop) return;
    const before = out.length;
    if (before > first) out.byte(COMMA);
    if (step.renamed === undefined) {
      out.copy(item.bytes, item.nameStart[index] - 1, item.nameEnd[index] + 1);
      out.byte(COLON);
    } else {
      this.#refuseRivals(step, item);
      out.copy(step.renamed, 0, step.renamed.length);
    }
    if (!this.#writeValue(step, item.bytes, item.valueStart[index], item.valueEnd[index], out)) out.truncate(before);
  }

  #refuseRivals({ node, rivals }: Step, item: ItemView): void {
    for (const rival of rivals)
      if (item.indexOf(rival) >= 0)
        throw new RuleError('rename', node.path, `the item has another attribute that is called '${node.rename}' then`);
  }

  #writeValue(step: Step, bytes: Buffer, start: number, end: number, out: ByteWriter): boolean {
    const { node, inner, view } = step;
    if (inner !== undefined && view !== undefined) return this.#writeMap(node, inner, view, bytes, start, end, out);
    if (node.rule === undefined) {
      out.copy(bytes, start, end);
      return true;
    }
    try {
      return node.rule.write(bytes, start, end, out);
    } catch (error) {
      throw error instanceof Refusal ? new RuleError(node.rule.name, node.path, error.reason) : error;
    }
  }

  #writeMap(
    node: RuleNode,
    inner: RuleTree,
    view: ItemView,
    bytes: Buffer,
    start: number,
    end: number,
    out: ByteWriter,
  ): boolean {
    const value = readValue(bytes, start, this.#range);
    if (value.type === 'M') {
      view.read(bytes, value.start);
      out.ascii('{"M":');
      inner.transform(view, out);
      out.byte(CLOSE_BRACE);
    } else if (value.type === 'NULL') {
      out.copy(bytes, start, end);
    } else {
      // What the rule was to hide may well stand in the value in another form.
      const entry = node.entries.find((other) => !isUntouched(other)) ?? node;
      throw new RuleError(ruleName(entry), entry.path, `${node.path} is of type ${value.type} and not a map`);
    }
    return true;
  }
}

function stepOf(node: RuleNode, rivals: number[]): Step {
  const names = new NameTable(namesOfNodes(node.entries));
  const nested = node.entries.some((entry) => !isUntouched(entry));
  return {
    node,
    rivals,
    untouched: isUntouched(node),
    renamed: node.rename === undefined ? undefined : Buffer.from(`${JSON.stringify(node.rename)}:`, 'utf8'),
    inner: nested ? new RuleTree(node.entries, names, 'keep') : undefined,
    view: nested ? new ItemView(names) : undefined,
  };
}

/** Names of the other attributes that have the name at the target that this node's rename gives. */
export function rivalsOf(node: RuleNode, siblings: readonly RuleNode[], unlisted: Unlisted): string[] {
  const name = node.rename;
  if (name === undefined) return [];
  const rivals = siblings.filter((other) => other !== node && !other.drop && (other.rename ?? other.name) === name);
  const isListed = siblings.some((other) => other.name === name);
  return [...rivals.map((rival) => rival.name), ...(isListed || unlisted !== 'keep' ? [] : [name])];
}

function unlistedError(name: string): RuleError {
  return new RuleError('unlisted', name, 'no rule names the attribute, and the policy refuses what it does not know');
}
