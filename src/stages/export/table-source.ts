import { readPage, Scanner, type ScanSettings } from '../../dynamodb/scan.ts';
import type { DynamoDbClient } from '../../dynamodb/client.ts';
import type { Pacer } from '../../engine/pacer.ts';
import type { ItemSource, SourcePage } from './item-source.ts';

/** What a page of 1 MB costs, read eventually consistent (developer guide, "Read consistency"): half a unit for every 4 KB. */
const PAGE_UNITS = 128;

/** A table, read by a paced parallel scan. */
export class TableSource implements ItemSource {
  readonly segments: number;
  readonly itemsEstimate: number | undefined;
  readonly #scanner: Scanner;
  readonly #pacer: Pacer;
  readonly #pageUnits: number;
  /** Moving mean of what an item costs, for small limits. */
  #unitsPerItem = 0.5;

  readonly #pageItemsMax: number | undefined;

  /** `pageItemsMax` bounds the items read for a page; as many as fit into 1 MB where absent. */
  constructor(
    client: DynamoDbClient,
    settings: ScanSettings,
    pacer: Pacer,
    itemsEstimate: number | undefined,
    pageItemsMax?: number,
  ) {
    this.#pageItemsMax = pageItemsMax;
    this.segments = settings.totalSegments;
    this.itemsEstimate = itemsEstimate;
    this.#scanner = new Scanner(client, settings);
    this.#pacer = pacer;
    this.#pageUnits = settings.consistentRead ? PAGE_UNITS * 2 : PAGE_UNITS;
  }

  async *pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
    let startKey = from;
    for (;;) {
      const limit = this.#limit();
      const reserved = limit === undefined ? this.#pageUnits : Math.min(this.#pageUnits, limit * this.#unitsPerItem);
      await this.#pacer.acquire(reserved, signal);
      const page = await this.#scanner.page(segment, startKey, limit, signal);
      let lastKey: Buffer | undefined;
      yield {
        forEach: (view, onItem) => {
          const facts = readPage(page, view, onItem);
          this.#pacer.settle(reserved, facts.consumedUnits);
          if (facts.scanned > 0)
            this.#unitsPerItem = this.#unitsPerItem * 0.9 + (facts.consumedUnits / facts.scanned) * 0.1;
          lastKey = facts.lastKey;
          this.#scanner.recycle(page);
          return { read: facts.scanned, seen: facts.returned, bytes: page.length, checkpoint: lastKey };
        },
      };
      if (lastKey === undefined) return;
      startKey = lastKey;
    }
  }

  /** Where a full page would be more than half a second of the rate, smaller pages keep the burst small. */
  #limit(): number | undefined {
    const rate = this.#pacer.unitsPerSecond;
    if (rate / 2 >= this.#pageUnits) return this.#pageItemsMax;
    return Math.max(1, Math.min(this.#pageItemsMax ?? Infinity, Math.floor(rate / 2 / this.#unitsPerItem)));
  }
}

/** Bytes of table that one segment is wanted to cover: a checkpoint every so often, and no needless requests. */
const SEGMENT_BYTES = 256 * 1024 * 1024;
const SEGMENTS_MIN = 16;
const SEGMENTS_MAX = 4096;

/** In how many segments a table of this size is scanned. */
export function segmentsFor(tableSizeBytes: number | undefined): number {
  return Math.min(SEGMENTS_MAX, Math.max(SEGMENTS_MIN, Math.ceil((tableSizeBytes ?? 0) / SEGMENT_BYTES)));
}
