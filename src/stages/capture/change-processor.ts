import type { Judge, Judgement, ShardClock } from '../../conflict/judge.ts';
import type { Settlement } from '../../conflict/merge.ts';
import type { StreamRecord } from '../../dynamodb/record-view.ts';
import { RecordReader, type ChangeReader } from '../../dynamodb/stream-records.ts';
import { BufferPool } from '../../model/buffer-pool.ts';
import { ByteWriter } from '../../model/byte-writer.ts';
import { KeyReader, type KeySchema } from '../../model/key.ts';
import { writeStamp, type Stamp } from '../../model/stamp.ts';
import { DynaferryError } from '../../model/errors.ts';
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
  /** What is to be done in the source's own table before the page is accounted for, in order; it refers to the page. None where changes go one way. */
  settlements: Settlement[];
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
  readonly #conflicts: ConflictTelling | undefined;
  readonly #reader: ChangeReader;
  readonly #out = new ByteWriter(LINES_BYTES);
  readonly #pool = new BufferPool(LINES_BYTES, PAGES_KEPT);

  /**
   * Changes that were made before `beforeMs` are dropped: the export that follows has their effect. `conflicts` is there where changes go both ways; `reader` reads
   * something else than pages of GetRecords.
   */
  constructor(
    policy: Policy,
    sealer: Sealer,
    settings: DeleteSettings,
    beforeMs: number,
    { conflicts, reader = new RecordReader(policy.names) }: ReadingOptions = {},
  ) {
    this.#policy = policy;
    this.#sealer = sealer;
    this.#settings = settings;
    this.#beforeMs = beforeMs;
    this.#reader = reader;
    this.#conflicts = conflicts && {
      judge: conflicts.judge,
      keys: new KeyReader(conflicts.key, (name) => policy.names.idOf(name)),
    };
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

  /** Treats a page of GetRecords of a shard with this clock, or of what the reader reads. Nothing but `settlements` refers to the page afterwards. */
  process(page: Buffer, clock: ShardClock): RecordsOutcome {
    const out = this.#out;
    // Of a page that failed half-way: its changes are not accounted for.
    out.truncate(0);
    const counts = noChanges();
    const deadLetters: SourceDeadLetter[] = [];
    let oldestMicros = Infinity;
    let newestMicros = -Infinity;
    let last: RecordsOutcome['last'];
    const settlements: Settlement[] = [];
    const facts = this.#reader.read(page, (record) => {
      last = { sequenceNumber: record.sequenceNumber, createdMs: record.createdMs };
      const before = out.length;
      if (record.createdMs < this.#beforeMs) {
        counts.before++;
        return;
      }
      const judged = this.#judge(record, clock);
      if (judged?.is !== 'unfit' && judged?.settlement !== undefined) settlements.push(judged.settlement);
      if (judged?.is === 'echo') {
        counts.echoes++;
        return;
      }
      try {
        const fate = this.#carry(record, judged, out);
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
      settlements,
      nextIterator: facts.nextIterator,
    };
  }

  #judge(record: StreamRecord, clock: ShardClock): Judgement | undefined {
    if (this.#conflicts === undefined) return undefined;
    const { judge, keys } = this.#conflicts;
    const identity = keys.identity(record.keys);
    if (identity === undefined)
      throw new DynaferryError('SERVICE_FAILED', 'a record of the stream lacks the key of its table');
    return judge.judge(record, identity, clock);
  }

  /** Writes the line of a change that is carried over, and says what becomes of it. Throws RuleError. */
  #carry(
    record: StreamRecord,
    judged: Judgement | undefined,
    out: ByteWriter,
  ): 'filtered' | 'skipped' | 'puts' | 'deletes' {
    const { newImage, oldImage } = record;
    if (newImage !== undefined && this.#policy.matches(newImage)) {
      this.#begin(record, judged, out);
      out.ascii(',"NewImage":');
      this.#policy.transform(newImage, out);
      out.ascii('}\n');
      return 'puts';
    }
    if (oldImage === undefined || !this.#policy.matches(oldImage)) return 'filtered';
    // An item that a change takes out of the filter may not stay at the target, whatever is wanted of deletes.
    if (newImage === undefined && this.#isLeftOut(record)) return 'skipped';
    this.#begin(record, judged, out);
    out.ascii('}\n');
    return 'deletes';
  }

  #isLeftOut({ isByTtl }: StreamRecord): boolean {
    return this.#settings.deletes === 'keep' || (isByTtl && this.#settings.ttlDeletes === 'skip');
  }

  /** What all lines begin with. The key at the target comes from the key at the source alone, so it is the same for all changes of an item. */
  #begin(record: StreamRecord, judged: Judgement | undefined, out: ByteWriter): void {
    out.ascii(`{"Metadata":{"WriteTimestampMicros":{"N":"${microsOf(record)}"}}`);
    const stamp = stampIn(judged);
    if (stamp !== undefined) {
      out.ascii(',"Stamp":');
      writeStamp(stamp, out);
    }
    out.ascii(',"Keys":');
    this.#policy.transform(record.keys, out);
  }
}

interface ReadingOptions {
  conflicts?: { judge: Judge; key: KeySchema } | undefined;
  reader?: ChangeReader;
}

interface ConflictTelling {
  judge: Judge;
  keys: KeyReader;
}

/** The stamp of a change that is carried over. Throws RuleError where it has none and needs one. */
function stampIn(judged: Judgement | undefined): Stamp | undefined {
  if (judged === undefined) return undefined;
  if (judged.is === 'write') return judged.stamp;
  const attribute = judged.is === 'unfit' ? judged.attribute : '';
  throw new RuleError('replicate.conflict', attribute, 'it is missing or of a wrong type, and says which write wins');
}

/** Counts of nothing. */
export function noChanges(): ChangeCounts {
  return {
    read: 0,
    before: 0,
    filtered: 0,
    skipped: 0,
    echoes: 0,
    deadLettered: 0,
    puts: 0,
    deletes: 0,
    sourceBytes: 0,
  };
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
