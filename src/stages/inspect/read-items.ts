import type { DynamoDbClient } from '../../dynamodb/client.ts';
import { Scanner, readPage, type PageFacts } from '../../dynamodb/scan.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import { ItemView } from '../../model/item.ts';
import { READ_UNIT_BYTES } from './item-size.ts';
import { shareOut } from './sample-quota.ts';

/** What is read of a table, and how. */
export interface ReadSettings {
  table: string;
  /** Items to read at the most, or all. */
  sample: number | 'all';
  /** Segments that the table is divided into; a sample is spread over them. */
  segments: number;
  /** Segments that are read at the same time; each holds one page of up to 1 MB of items in memory. */
  concurrency: number;
  consistentRead: boolean;
  pace?: Pick<Pacer, 'acquire' | 'settle'>;
  signal?: AbortSignal;
}

/** How far the reading is. */
export interface ReadProgress {
  items: number;
  /** Bytes of DynamoDB JSON. */
  bytes: number;
  readUnits: number;
  segments: number;
  segmentsRead: number;
  /** Segments read to their end. */
  segmentsDone: number;
}

interface Segment {
  number: number;
  lastKey: Buffer | undefined;
  started: boolean;
  ended: boolean;
  /** Items of it to be read in this round. */
  quota: number;
}

/** DynamoDB ends a page at 1 MB of items ("Scan", developer guide). */
const PAGE_BYTES_MAX = 1024 * 1024;

/**
 * Hands the table's items, or a sample of them, to `onItem`. A sample is as large as asked for, if the table is: each segment gives an equal part,
 * and what one lacks the others give. Resolves with what was read.
 */
export async function readItems(
  client: DynamoDbClient,
  settings: ReadSettings,
  view: ItemView,
  onItem: (item: ItemView) => void,
  onProgress?: (progress: ReadProgress) => void,
): Promise<ReadProgress> {
  const { sample, segments: totalSegments, concurrency } = settings;
  const reader = new SegmentReader(client, settings, view, onItem, onProgress);
  const segments = Array.from({ length: totalSegments }, (_, number): Segment => {
    return { number, lastKey: undefined, started: false, ended: false, quota: Infinity };
  });
  if (sample === 'all') {
    await reader.readAll(segments, concurrency);
    return reader.progress;
  }
  for (let left = sample; left > 0; left = sample - reader.progress.items) {
    const open = segments.filter((segment) => !segment.ended);
    if (open.length === 0) break;
    shareOut(left, open.length).forEach((quota, i) => (open[i].quota = quota));
    await reader.readAll(
      open.filter((segment) => segment.quota > 0),
      concurrency,
    );
  }
  return reader.progress;
}

class SegmentReader {
  readonly progress: ReadProgress;
  readonly #scanner: Scanner;
  readonly #settings: ReadSettings;
  readonly #scope = new AbortController();
  readonly #signal: AbortSignal;
  readonly #view: ItemView;
  readonly #onItem: (item: ItemView) => void;
  readonly #onProgress: ((progress: ReadProgress) => void) | undefined;

  constructor(
    client: DynamoDbClient,
    settings: ReadSettings,
    view: ItemView,
    onItem: (item: ItemView) => void,
    onProgress: ((progress: ReadProgress) => void) | undefined,
  ) {
    const { table, segments, consistentRead, signal } = settings;
    this.#scanner = new Scanner(client, { table, totalSegments: segments, consistentRead });
    this.#settings = settings;
    this.#signal = signal === undefined ? this.#scope.signal : AbortSignal.any([signal, this.#scope.signal]);
    this.#view = view;
    this.#onItem = onItem;
    this.#onProgress = onProgress;
    this.progress = { items: 0, bytes: 0, readUnits: 0, segments, segmentsRead: 0, segmentsDone: 0 };
  }

  async readAll(segments: readonly Segment[], concurrency: number): Promise<void> {
    await runPool(segments, Math.min(concurrency, segments.length), (segment) => this.#read(segment), this.#scope);
  }

  async #read(segment: Segment): Promise<void> {
    while (segment.quota > 0 && !segment.ended) {
      const { bytes, facts } = await this.#page(segment);
      segment.quota -= facts.returned;
      segment.lastKey = facts.lastKey;
      segment.ended = facts.lastKey === undefined;
      this.#count(segment, bytes, facts);
    }
  }

  async #page(segment: Segment): Promise<{ bytes: number; facts: PageFacts }> {
    const { pace } = this.#settings;
    const limit = Number.isFinite(segment.quota) ? segment.quota : undefined;
    const expected = this.#expectedUnits(limit);
    let spent = 0;
    await pace?.acquire(expected, this.#signal);
    try {
      const page = await this.#scanner.page(segment.number, segment.lastKey, limit, this.#signal);
      const facts = readPage(page, this.#view, this.#onItem);
      spent = facts.consumedUnits;
      return { bytes: page.length, facts };
    } finally {
      pace?.settle(expected, spent);
    }
  }

  /** What a page will cost at the most. */
  #expectedUnits(limit: number | undefined): number {
    const unitsPerByte = (this.#settings.consistentRead ? 1 : 0.5) / READ_UNIT_BYTES;
    const { items, readUnits } = this.progress;
    const page = PAGE_BYTES_MAX * unitsPerByte;
    return limit === undefined || items === 0 ? page : Math.min(page, Math.ceil((limit * readUnits) / items));
  }

  #count(segment: Segment, bytes: number, facts: PageFacts): void {
    const { progress } = this;
    progress.items += facts.returned;
    progress.bytes += bytes;
    progress.readUnits += facts.consumedUnits;
    if (!segment.started) progress.segmentsRead++;
    if (segment.ended) progress.segmentsDone++;
    segment.started = true;
    this.#onProgress?.({ ...progress });
  }
}
