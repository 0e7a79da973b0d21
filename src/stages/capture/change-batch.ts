import type { ChangeCounts } from '../../staging/change-log.ts';
import type { Compression } from '../../staging/compression.ts';
import { DataObjectBuilder } from '../../staging/data-object.ts';
import type { SourceDeadLetter } from '../../staging/source-dead-letters.ts';
import { noChanges, sumOf, type RecordsOutcome } from './change-processor.ts';

/** A change object is committed when it has so many bytes, compressed… */
const OBJECT_BYTES = 1_000_000;
/** …and has no more than so many of JSON (but for a single page), since whoever applies it holds all of it. What compresses well would have hundreds of times as much. */
const OBJECT_JSON_BYTES_MAX = 16 * 1024 * 1024;

/** What has been read of the stream and not yet committed: lines, what they account for, and the shards that got on. */
export class ChangeBatch {
  counts: ChangeCounts = noChanges();
  readonly deadLetters: SourceDeadLetter[] = [];
  readonly shards = new Set<string>();
  oldestMicros: number | undefined;
  newestMicros: number | undefined;
  /** When the batch was begun, and when it got its first line, by the clock of the lane. */
  readonly openedMs: number;
  firstLineMs: number | undefined;
  readonly #compression: Compression;
  #builder: DataObjectBuilder | undefined;

  constructor(compression: Compression, openedMs: number) {
    this.#compression = compression;
    this.openedMs = openedMs;
  }

  /** Lines so far; undefined where there is none. */
  get builder(): DataObjectBuilder | undefined {
    return this.#builder;
  }

  /** Whether the object has the size that is wanted. */
  get isFull(): boolean {
    return (this.#builder?.compressedBytes ?? 0) >= OBJECT_BYTES;
  }

  /** Whether the object does not get too long by a page. */
  hasRoomFor({ lines }: RecordsOutcome): boolean {
    return this.#builder === undefined || this.#builder.jsonBytes + lines.length <= OBJECT_JSON_BYTES_MAX;
  }

  /** Takes in a page. All of it is accounted for when this returns; the promise resolves when the lines are compressed. */
  async add(outcome: RecordsOutcome, nowMs: number): Promise<void> {
    this.counts = sumOf(this.counts, outcome.counts);
    this.deadLetters.push(...outcome.deadLetters);
    const { lines, oldestMicros, newestMicros } = outcome;
    if (oldestMicros === undefined || newestMicros === undefined) return;
    this.oldestMicros = Math.min(this.oldestMicros ?? Infinity, oldestMicros);
    this.newestMicros = Math.max(this.newestMicros ?? -Infinity, newestMicros);
    this.firstLineMs ??= nowMs;
    // A compressor is dear, and most pages of a table at rest have no lines.
    this.#builder ??= new DataObjectBuilder(this.#compression);
    await this.#builder.add(lines, outcome.counts.puts + outcome.counts.deletes);
  }
}
