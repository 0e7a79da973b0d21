import { DataObjectBuilder } from '../../staging/data-object.ts';
import type { Compression } from '../../staging/compression.ts';
import type { Batch, Committer } from './committer.ts';
import type { SourceDeadLetter } from '../../staging/source-dead-letters.ts';

/** What became of one page. */
export interface PageOutcome {
  segment: number;
  /** Whole lines of `{"Item":…}`. */
  lines: Buffer;
  items: number;
  read: number;
  filtered: number;
  sourceBytes: number;
  deadLetters: SourceDeadLetter[];
  /** Undefined where the segment is done. */
  checkpoint: Buffer | undefined;
}

export interface LaneOptions {
  committer: Committer;
  compression: Compression;
  /** Commit when the compressed object has reached this… */
  objectSizeBytes: number;
  /** …or when its first page is this old. */
  commitMsMax: number;
}

/**
 * Gathers the pages of some segments into data objects, one after the other. A segment belongs to one lane for good, so its pages reach the
 * committer in the order in which they were read. One object is filled while the one before it is uploaded, and no more than that is held.
 */
export class Lane {
  readonly #options: LaneOptions;
  #batch: Batch | undefined;
  #openedMs = 0;
  #uploading: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Takes a page; resolves when there is room for the next one. */
  async add(page: PageOutcome): Promise<void> {
    const batch = (this.#batch ??= this.#open());
    batch.read += page.read;
    batch.filtered += page.filtered;
    batch.sourceBytes += page.sourceBytes;
    batch.deadLetters.push(...page.deadLetters);
    batch.checkpoints.set(page.segment, page.checkpoint ?? null);
    if (page.items > 0) await batch.builder.add(page.lines, page.items);
    if (batch !== this.#batch) return;
    const full = batch.builder.compressedBytes >= this.#options.objectSizeBytes;
    if (full || performance.now() - this.#openedMs >= this.#options.commitMsMax) await this.#close();
  }

  /** Commits what is there and waits until all is durable. */
  async flush(): Promise<void> {
    await this.#close();
    await this.#uploading;
  }

  #open(): Batch {
    this.#openedMs = performance.now();
    return {
      builder: new DataObjectBuilder(this.#options.compression),
      read: 0,
      filtered: 0,
      sourceBytes: 0,
      deadLetters: [],
      checkpoints: new Map(),
    };
  }

  /** Hands the open batch to the committer once the one before it is durable. */
  async #close(): Promise<void> {
    const batch = this.#batch;
    if (batch === undefined) return this.#uploading;
    this.#batch = undefined;
    const before = this.#uploading;
    // Committed at once, so that a page of the same segment that comes meanwhile lies behind it.
    this.#uploading = this.#options.committer.commit(batch);
    await before;
  }
}
