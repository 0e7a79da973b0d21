import { RecordReader, type ChangeReader, type StreamRecord } from '../../dynamodb/stream-records.ts';
import { BufferPool } from '../../model/buffer-pool.ts';
import { ByteWriter } from '../../model/byte-writer.ts';
import type { Policy } from '../../policy/policy.ts';
import { RuleError } from '../../policy/rule-error.ts';
import type { ChangeCounts } from '../../staging/change-log.ts';
import type { Sealer } from '../../staging/seal.ts';
import type { SourceDeadLetter } from '../../staging/source-dead-letters.ts';

/** Which deletes are carried over: those that are made at the source, and of these the ones that TTL makes. */
export interface DeleteSettings {
  deletes: 'apply' | 'keep';
  ttlDeletes: 'apply' | 'skip';
}

/** What became of one page of a shard. */
export interface RecordsOutcome {
  /** Whole lines: one for each change that is carried over. */
  lines: Buffer;
  counts: ChangeCounts;
  deadLetters: SourceDeadLetter[];
  /** Of the changes in `lines`; absent where there is none. */
  oldestMicros: number | undefined;
  newestMicros: number | undefined;
  /** Of the page's last record; undefined where it has none. */
  last: { sequenceNumber: string; createdMs: number } | undefined;
  /** Undefined where the shard is read to its end. */
  nextIterator: string | undefined;
}

/** Two images of an item each, of which seldom more than one is carried over. */
const LINES_BYTES = 1024 * 1024;
const PAGES_KEPT = 32;

/**
 * Applies the policy to the changes of a stream. What is carried over is one line of the format of DynamoDB's incremental exports without the image
 * before the change: the item as it may leave, or the key that it has at the target where it must not be there any more. What passes neither before nor
 * after is dropped here, and nothing downstream ever holds it.
 */
export class ChangeProcessor {
  readonly #policy: Policy;
  readonly #sealer: Sealer;
  readonly #settings: DeleteSettings;
  readonly #beforeMs: number;
  readonly #reader: ChangeReader;
  readonly #out = new ByteWriter(LINES_BYTES);
  readonly #pool = new BufferPool(LINES_BYTES, PAGES_KEPT);

  /** Changes that were made before `beforeMs` are dropped: the export that follows has their effect. */
  constructor(
    policy: Policy,
    sealer: Sealer,
    settings: DeleteSettings,
    beforeMs: number,
    reader: ChangeReader = new RecordReader(policy.names),
  ) {
    this.#policy = policy;
    this.#sealer = sealer;
    this.#settings = settings;
    this.#beforeMs = beforeMs;
    this.#reader = reader;
  }

  /** Says that the lines of a page are compressed: their memory serves for another one. */
  recycle(lines: Buffer): void {
    this.#pool.give(lines);
  }

  /** When the first change of a page was made, in milliseconds since 1970; undefined where the page has none. */
  firstMs(page: Buffer): number | undefined {
    let firstMs: number | undefined;
    this.#reader.read(page, ({ createdMs }) => (firstMs ??= createdMs));
    return firstMs;
  }

  /** Treats a page of GetRecords, or of what the reader reads; nothing of the page is referred to afterwards. */
  process(page: Buffer): RecordsOutcome {
    const out = this.#out;
    // Of a page that failed half-way: its changes are not accounted for.
    out.truncate(0);
    const counts = noChanges();
    const deadLetters: SourceDeadLetter[] = [];
    let oldestMicros = Infinity;
    let newestMicros = -Infinity;
    let last: RecordsOutcome['last'];
    const facts = this.#reader.read(page, (record) => {
      last = { sequenceNumber: record.sequenceNumber, createdMs: record.createdMs };
      const before = out.length;
      try {
        const fate = this.#carry(record, out);
        counts[fate]++;
        if (fate !== 'puts' && fate !== 'deletes') return;
        const micros = microsOf(record);
        oldestMicros = Math.min(oldestMicros, micros);
        newestMicros = Math.max(newestMicros, micros);
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        out.truncate(before);
        counts.deadLettered++;
        const { keys } = record;
        const { rule, attribute, reason } = error;
        const sealedKey = this.#sealer.seal(keys.bytes.subarray(keys.start, keys.end));
        deadLetters.push({ sealedKey, rule, attribute, reason });
      }
    });
    counts.read = facts.records;
    counts.sourceBytes = page.length;
    const carried = counts.puts + counts.deletes > 0;
    return {
      lines: out.take(this.#pool),
      counts,
      deadLetters,
      oldestMicros: carried ? oldestMicros : undefined,
      newestMicros: carried ? newestMicros : undefined,
      last,
      nextIterator: facts.nextIterator,
    };
  }

  /** Writes the line of a change that is carried over, and says what becomes of it. Throws RuleError. */
  #carry(record: StreamRecord, out: ByteWriter): 'before' | 'filtered' | 'skipped' | 'puts' | 'deletes' {
    const { newImage, oldImage } = record;
    if (record.createdMs < this.#beforeMs) return 'before';
    if (newImage !== undefined && this.#policy.matches(newImage)) {
      this.#begin(record, out);
      out.ascii(',"NewImage":');
      this.#policy.transform(newImage, out);
      out.ascii('}\n');
      return 'puts';
    }
    if (oldImage === undefined || !this.#policy.matches(oldImage)) return 'filtered';
    // An item that a change takes out of the filter may not stay at the target, whatever is wanted of deletes.
    if (newImage === undefined && this.#isLeftOut(record)) return 'skipped';
    this.#begin(record, out);
    out.ascii('}\n');
    return 'deletes';
  }

  #isLeftOut({ isByTtl }: StreamRecord): boolean {
    return this.#settings.deletes === 'keep' || (isByTtl && this.#settings.ttlDeletes === 'skip');
  }

  /** What all lines begin with. The key at the target comes from the key at the source alone, so it is the same for all changes of an item. */
  #begin(record: StreamRecord, out: ByteWriter): void {
    out.ascii(`{"Metadata":{"WriteTimestampMicros":{"N":"${microsOf(record)}"}},"Keys":`);
    this.#policy.transform(record.keys, out);
  }
}

/** Counts of nothing. */
export function noChanges(): ChangeCounts {
  return { read: 0, before: 0, filtered: 0, skipped: 0, deadLettered: 0, puts: 0, deletes: 0, sourceBytes: 0 };
}

/** Counts of two things together. */
export function sumOf(one: ChangeCounts, other: ChangeCounts): ChangeCounts {
  const sum = noChanges();
  for (const name of Object.keys(sum) as (keyof ChangeCounts)[]) sum[name] = one[name] + other[name];
  return sum;
}

function microsOf({ createdMs }: StreamRecord): number {
  return Math.round(createdMs * 1000);
}
