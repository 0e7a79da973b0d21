import type { CapacityEstimate, ItemFacts } from './catalog.ts';
import { ITEM_BYTES_MAX, READ_UNIT_BYTES, WRITE_UNIT_BYTES } from './item-size.ts';

/** From here on an item may outgrow the limit by a rule that lengthens a value. */
const NEAR_LIMIT_BYTES = ITEM_BYTES_MAX * 0.9;
const LARGEST_KEPT = 10;

/** Sums up the sizes of items. */
export class ItemSizes {
  #count = 0;
  #min = Infinity;
  #max = 0;
  #total = 0;
  #writeUnits = 0;
  #nearLimit = 0;
  readonly #largest: ItemFacts['largest'] = [];

  /** `key` is called only for an item that is among the largest so far; undefined where keys are not to be shown. */
  add(sizeBytes: number, key: () => Record<string, string> | undefined): void {
    this.#count++;
    this.#total += sizeBytes;
    this.#writeUnits += Math.max(1, Math.ceil(sizeBytes / WRITE_UNIT_BYTES));
    if (sizeBytes < this.#min) this.#min = sizeBytes;
    if (sizeBytes > this.#max) this.#max = sizeBytes;
    if (sizeBytes >= NEAR_LIMIT_BYTES) this.#nearLimit++;
    const smallestKept = this.#largest.at(-1)?.sizeBytes ?? 0;
    if (this.#largest.length === LARGEST_KEPT && sizeBytes <= smallestKept) return;
    const shown = key();
    this.#largest.push(shown === undefined ? { sizeBytes } : { sizeBytes, key: shown });
    this.#largest.sort((a, b) => b.sizeBytes - a.sizeBytes);
    this.#largest.splice(LARGEST_KEPT);
  }

  facts(): ItemFacts {
    const none = this.#count === 0;
    return {
      sizeBytes: { min: none ? 0 : this.#min, mean: none ? 0 : this.#total / this.#count, max: this.#max },
      sizeBytesTotal: this.#total,
      nearLimit: this.#nearLimit,
      largest: this.#largest,
    };
  }

  /** What `items` items like those seen cost; a scan is charged by the bytes of a page, a write by the item. */
  estimate(items: number, itemsFrom: CapacityEstimate['itemsFrom']): CapacityEstimate {
    const scale = this.#count === 0 ? 0 : items / this.#count;
    const readUnits = (this.#total * scale) / READ_UNIT_BYTES;
    return {
      items,
      itemsFrom,
      readUnitsConsistent: Math.ceil(readUnits),
      readUnitsEventual: Math.ceil(readUnits / 2),
      writeUnits: Math.ceil(this.#writeUnits * scale),
    };
  }
}
