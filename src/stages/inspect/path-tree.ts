import { looksLikeId } from './path-name.ts';
import { PathNode } from './path-node.ts';

/** What keeps a catalog small whatever the table holds. */
export interface PathLimits {
  /** Distinct paths that are told apart; values at further ones count for sizes only. */
  pathsMax: number;
  /** Distinct entries of one map (not of the item itself) above which all are folded into `path.*`. */
  entriesMax: number;
  /** Example values kept for each path. */
  examplesMax: number;
}

export const defaultPathLimits: PathLimits = { pathsMax: 2000, entriesMax: 100, examplesMax: 0 };

/** The attribute paths of a table, as many as the limits allow. */
export class PathTree {
  readonly root = new PathNode();
  readonly limits: PathLimits;
  /** Whether a path was left out because there were `pathsMax` already. */
  limitReached = false;
  #count = 0;

  constructor(limits: PathLimits) {
    this.limits = limits;
  }

  /** The node of an attribute of the item; undefined where the limit is reached. */
  attribute(name: string): PathNode | undefined {
    const known = this.root.entries.get(name);
    if (known !== undefined) return known;
    const added = this.#add();
    if (added !== undefined) this.root.entries.set(name, added);
    return added;
  }

  /** The node of a map's entry, which may stand for many. */
  entry(map: PathNode, name: string): PathNode | undefined {
    const known = map.entries.get(name);
    if (known !== undefined) return known;
    if (map.folded || looksLikeId(name)) return (map.any ??= this.#add());
    if (map.entries.size >= this.limits.entriesMax) {
      const before = map.count();
      map.fold(this.limits.examplesMax);
      this.#count += map.count() - before;
      return map.any;
    }
    const added = this.#add();
    if (added !== undefined) map.entries.set(name, added);
    return added;
  }

  /** The node of all elements of a list. */
  element(list: PathNode): PathNode | undefined {
    return (list.element ??= this.#add());
  }

  /** Folds maps whose entries are many and each in few items, which `entriesMax` alone finds only in large tables. Call it when all items are in. */
  foldSparse(): void {
    const visit = (node: PathNode): void => {
      if (node !== this.root && isSparse(node)) node.fold(this.limits.examplesMax);
      for (const entry of node.entries.values()) visit(entry);
      if (node.any !== undefined) visit(node.any);
      if (node.element !== undefined) visit(node.element);
    };
    visit(this.root);
  }

  #add(): PathNode | undefined {
    if (this.#count >= this.limits.pathsMax) {
      this.limitReached = true;
      return undefined;
    }
    this.#count++;
    return new PathNode();
  }
}

const SPARSE_ENTRIES_MIN = 10;
const SPARSE_SHARE = 0.1;

/** Whether an entry is in less than a tenth of the maps, on average. */
function isSparse(node: PathNode): boolean {
  if (node.entries.size <= SPARSE_ENTRIES_MIN) return false;
  let items = 0;
  for (const entry of node.entries.values()) items += entry.items;
  return items / node.entries.size < node.itemsWithEntries * SPARSE_SHARE;
}
