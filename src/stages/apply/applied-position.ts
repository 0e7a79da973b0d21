import { randomUUID } from 'node:crypto';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { readAppliedMark, writeAppliedMark } from '../../staging/applied-mark.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { FIRST_GROUP_OBJECTS_MAX, GROUP_BYTES_MAX, GROUP_OBJECTS_MAX } from './change-groups.ts';

/** How far behind what is done the mark in staging may lie; and by no more than makes a group. */
const MARK_MS = 5000;

/**
 * How far the log is applied: by this machine's ledger, and by a mark in staging where another machine has come further. Whoever begins takes the mark over, and
 * whoever finds it taken stops: two that applied one log at once could take keys back and forth until both are through.
 */
export class AppliedPosition {
  readonly #bucket: S3Bucket;
  readonly #layout: ExportLayout;
  readonly #ledger: ChangeLedger;
  readonly #by = randomUUID();
  #savedMs = 0;
  #savedSeq = 0;
  #unsavedBytes = 0;

  private constructor(bucket: S3Bucket, layout: ExportLayout, ledger: ChangeLedger) {
    this.#bucket = bucket;
    this.#layout = layout;
    this.#ledger = ledger;
  }

  /** Finds the position, which the ledger has then, and marks that applying has begun, and by whom. */
  static async take(
    bucket: S3Bucket,
    layout: ExportLayout,
    ledger: ChangeLedger,
    signal: AbortSignal,
  ): Promise<AppliedPosition> {
    const mark = await readAppliedMark(bucket, layout, signal);
    if (mark !== undefined) {
      const { newestMicros, ...rest } = mark;
      ledger.adoptApplied({ ...rest, newestMicros });
    }
    const position = new AppliedPosition(bucket, layout, ledger);
    await position.#write(signal);
    return position;
  }

  /**
   * To be called when the ledger has been told of so many more bytes of JSON; writes the mark every few seconds, or sooner where much was applied. Throws LOCKED where somebody
   * else applies the log by now.
   */
  async moved(jsonBytes: number, signal: AbortSignal): Promise<void> {
    this.#unsavedBytes += jsonBytes;
    const isMuch =
      this.#unsavedBytes >= GROUP_BYTES_MAX || this.#ledger.last('applied') - this.#savedSeq >= GROUP_OBJECTS_MAX;
    if (isMuch || Date.now() - this.#savedMs >= MARK_MS) await this.save(signal);
  }

  /**
   * Up to which commit the first group must go: at another machine more may be applied than the mark says, and of no key may an earlier change be written than that. Only what has arrived
   * can have been applied.
   */
  async mayBeAppliedTo(signal: AbortSignal): Promise<number> {
    const layout = this.#layout;
    let last = this.#ledger.last('applied');
    const max = last + FIRST_GROUP_OBJECTS_MAX;
    for await (const listed of this.#bucket.list(layout.commits, { startAfter: layout.commit(last), signal }))
      if (listed.key !== layout.commit(last + 1) || ++last === max) break;
    return last;
  }

  /** Up to which commit the mark says that the log is applied. */
  get savedSeq(): number {
    return this.#savedSeq;
  }

  /** Writes the mark where it lies behind. */
  async save(signal: AbortSignal): Promise<void> {
    if (this.#savedSeq === this.#ledger.last('applied')) return;
    const mark = await readAppliedMark(this.#bucket, this.#layout, signal);
    if (mark !== undefined && mark.by !== this.#by)
      throw new DynaferryError(
        'LOCKED',
        `another process applies the changes in ${this.#bucket.uri(this.#layout.root)}`,
      );
    await this.#write(signal);
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { newestMicros, ...totals } = this.#ledger.totals().applied;
    const mark = { version: 1, by: this.#by, ...totals, ...(newestMicros !== undefined && { newestMicros }) } as const;
    this.#savedMs = Date.now();
    await writeAppliedMark(this.#bucket, this.#layout, { ...mark, writtenMs: this.#savedMs }, signal);
    this.#savedSeq = totals.seq;
    this.#unsavedBytes = 0;
  }
}
