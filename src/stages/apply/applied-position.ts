import { randomUUID } from 'node:crypto';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { readAppliedMark, writeAppliedMark } from '../../staging/applied-mark.ts';
import type { ExportLayout } from '../../staging/layout.ts';

/** How far behind what is done the mark in staging may lie. */
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

  /** To be called when the ledger has been told of more; writes the mark every few seconds. Throws LOCKED where somebody else applies the log by now. */
  async moved(signal: AbortSignal): Promise<void> {
    if (Date.now() - this.#savedMs >= MARK_MS) await this.save(signal);
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
  }
}
