import type { AttributeType } from '../../model/attribute.ts';

/** What is counted of one value. */
export interface Observation {
  type: AttributeType;
  sizeBytes: number;
  /** An empty text, binary, list or map. */
  empty: boolean;
}

/** The values seen at one attribute path, and the paths below it. */
export class PathNode {
  readonly types = new Map<AttributeType, number>();
  /** Values seen; more than items below a list or a folded map. */
  values = 0;
  /** Items that have at least one value here. */
  items = 0;
  /** Items that have a map with at least one entry here. */
  itemsWithEntries = 0;
  empty = 0;
  sizeMin = Infinity;
  sizeMax = 0;
  sizeTotal = 0;
  readonly examples = new Set<string>();
  readonly entries = new Map<string, PathNode>();
  element: PathNode | undefined;
  /** Stands for all entries whose names are not kept apart. */
  any: PathNode | undefined;
  /** Whether all entries are folded, rather than only those whose names look like ids. */
  folded = false;
  #lastItem = -1;
  #lastItemWithEntries = -1;

  /** `item` is the number of the item; numbers only grow. */
  observe(item: number, { type, sizeBytes, empty }: Observation): void {
    this.values++;
    if (this.#lastItem !== item) {
      this.#lastItem = item;
      this.items++;
    }
    this.types.set(type, (this.types.get(type) ?? 0) + 1);
    if (empty) this.empty++;
    if (sizeBytes < this.sizeMin) this.sizeMin = sizeBytes;
    if (sizeBytes > this.sizeMax) this.sizeMax = sizeBytes;
    this.sizeTotal += sizeBytes;
  }

  /** The item has a map with entries here. */
  hasEntries(item: number): void {
    if (this.#lastItemWithEntries === item) return;
    this.#lastItemWithEntries = item;
    this.itemsWithEntries++;
  }

  /** Nodes from here down, this one included. */
  count(): number {
    let count = 1 + (this.element?.count() ?? 0) + (this.any?.count() ?? 0);
    for (const entry of this.entries.values()) count += entry.count();
    return count;
  }

  /** Makes one node of all entries; from now on there is only that one. */
  fold(examplesMax: number): void {
    const any = (this.any ??= new PathNode());
    for (const entry of this.entries.values()) any.#absorb(entry, examplesMax);
    this.entries.clear();
    this.folded = true;
    // Adding up entries would count an item once for each; every item with any entry has one here.
    any.items = this.itemsWithEntries;
    any.#lastItem = this.#lastItemWithEntries;
  }

  #absorb(other: PathNode, examplesMax: number): void {
    for (const [type, count] of other.types) this.types.set(type, (this.types.get(type) ?? 0) + count);
    this.values += other.values;
    // Items that have both are counted twice here; the reader of the counts bounds them by the parent's.
    this.items += other.items;
    this.itemsWithEntries += other.itemsWithEntries;
    this.#lastItem = Math.max(this.#lastItem, other.#lastItem);
    this.#lastItemWithEntries = Math.max(this.#lastItemWithEntries, other.#lastItemWithEntries);
    this.empty += other.empty;
    this.sizeMin = Math.min(this.sizeMin, other.sizeMin);
    this.sizeMax = Math.max(this.sizeMax, other.sizeMax);
    this.sizeTotal += other.sizeTotal;
    for (const example of other.examples) if (this.examples.size < examplesMax) this.examples.add(example);
    if (other.element !== undefined) (this.element ??= new PathNode()).#absorb(other.element, examplesMax);
    if (other.any !== undefined) (this.any ??= new PathNode()).#absorb(other.any, examplesMax);
    this.#absorbEntries(other, examplesMax);
  }

  #absorbEntries(other: PathNode, examplesMax: number): void {
    if (this.folded || other.folded) {
      const any = (this.any ??= new PathNode());
      for (const entry of other.entries.values()) any.#absorb(entry, examplesMax);
      if (!this.folded) this.fold(examplesMax);
      return;
    }
    for (const [name, entry] of other.entries) {
      const mine = this.entries.get(name);
      if (mine === undefined) this.entries.set(name, entry);
      else mine.#absorb(entry, examplesMax);
    }
  }
}
