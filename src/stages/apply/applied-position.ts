import { randomUUID } from 'node:crypto';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { Clock } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { findAppliedMark, replaceAppliedMark, type AppliedMark } from '../../staging/applied-mark.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { FIRST_GROUP_OBJECTS_MAX, GROUP_BYTES_MAX, GROUP_OBJECTS_MAX } from './change-groups.ts';
import { LEASE_MS, Lease, ON_ITS_WAY_MS, type Moment } from './lease.ts';

/** How far behind what is done the mark in staging may lie; and by no more than makes a group. */
const MARK_MS = 5000;

/** How often it is looked whether another process has taken the log… */
const LOOK_MS = 2000;
/** …and how long that one waits: the lease of whoever has it, and until what that had on its way has arrived. */
export const TAKEOVER_MS = LEASE_MS + ON_ITS_WAY_MS;
/** Longer than it takes to read the mark and to write one. */
export const RELEASED_MS = 1000;

/** A mark, and the ETag by which it can be replaced. */
type FoundMark = NonNullable<Awaited<ReturnType<typeof findAppliedMark>>>;

/** What ends applying, and the time. */
interface PositionContext {
  signal: AbortSignal;
  clock: Clock;
  /** Hears that another machine is given time to stop. */
  onWait: () => void;
}

/**
 * How far the log is applied: by this machine's ledger, and by a mark in staging where another machine has come further. Whoever begins takes the mark over, and
 * whoever finds it taken stops: two that applied one log at once could take keys back and forth until both are through.
 */
export class AppliedPosition {
  readonly #bucket: S3Bucket;
  readonly #layout: ExportLayout;
  readonly #ledger: ChangeLedger;
  readonly #by = randomUUID();
  readonly #clock: Clock;
  /** What is written to the table from the log is written within it. */
  readonly lease: Lease;
  #savedMs = 0;
  #savedSeq = 0;
  #unsavedBytes = 0;

  private constructor(bucket: S3Bucket, layout: ExportLayout, ledger: ChangeLedger, clock: Clock) {
    this.#bucket = bucket;
    this.#layout = layout;
    this.#ledger = ledger;
    this.#clock = clock;
    this.lease = new Lease(clock);
  }

  /**
   * Finds the position, which the ledger has then, and marks that applying has begun, and by whom. Where a process of another machine may still be at it, it is given the time to notice:
   * what it has under way may be older than what is written here next. One of this machine is dead, since it held a lock. Throws LOCKED where somebody else takes the log over meanwhile.
   */
  static async take(
    bucket: S3Bucket,
    layout: ExportLayout,
    ledger: ChangeLedger,
    { signal, clock, onWait }: PositionContext,
  ): Promise<AppliedPosition> {
    const position = new AppliedPosition(bucket, layout, ledger, clock);
    const known = ledger.fact('appliedBy');
    let { before, asked } = await position.#takeOver(signal);
    while (before !== undefined && before.by !== known) {
      if (before.released !== true) onWait();
      // One that has stopped has nothing under way; but two may have found that out at the same time.
      await clock.sleep(before.released === true ? RELEASED_MS : TAKEOVER_MS, signal);
      const now = (await position.#adopt(signal))?.value;
      if (now?.by === position.#by) break;
      if (now !== undefined && now.by !== before.by) throw position.#taken();
      // Somebody has removed the mark, or the service takes no notice of conditions.
      ({ before, asked } = await position.#takeOver(signal));
    }
    position.lease.renew(asked);
    ledger.setFact('appliedBy', position.#by);
    return position;
  }

  /** Runs what applies the log, with a signal of its own, for as long as nobody else has taken it. Throws LOCKED where somebody has. */
  async whileOurs(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const scope = new AbortController();
    const done = new AbortController();
    const within = AbortSignal.any([signal, scope.signal]);
    const apply = async (): Promise<void> => {
      await work(within);
      done.abort();
    };
    const watch = (): Promise<void> => this.#watch(AbortSignal.any([within, done.signal]));
    await runPool([apply, watch], 2, (one) => one(), scope);
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
    if (this.#savedSeq !== this.#ledger.last('applied')) await this.#saveOurs(signal);
  }

  /** Says that nothing more is written: another machine goes on at once, and at the very place. Only at that where something that was cut off may still be on its way to the table. */
  async release(signal: AbortSignal): Promise<void> {
    await this.#saveOurs(signal, this.lease.mayBeOnItsWay ? {} : { released: true });
  }

  /** Writes our mark in place of the one that is there, which it goes on from; returns that, and when it was set out to write. Whoever has written one since it was read is not overlooked. */
  async #takeOver(signal: AbortSignal): Promise<{ before: AppliedMark | undefined; asked: Moment }> {
    for (;;) {
      const before = await this.#adopt(signal);
      const asked = this.lease.now();
      if (await this.#write(before?.etag, signal)) return { before: before?.value, asked };
    }
  }

  async #adopt(signal: AbortSignal): Promise<FoundMark | undefined> {
    const found = await this.#read(signal);
    if (found !== undefined) this.#ledger.adoptApplied({ ...found.value, newestMicros: found.value.newestMicros });
    return found;
  }

  /** Throws LOCKED where the log is somebody else's; else returns the mark. */
  async #checkOurs(signal: AbortSignal): Promise<FoundMark | undefined> {
    const found = await this.#read(signal);
    if (found !== undefined && found.value.by !== this.#by) throw this.#taken();
    return found;
  }

  async #read(signal: AbortSignal): Promise<FoundMark | undefined> {
    const asked = this.lease.now();
    const found = await findAppliedMark(this.#bucket, this.#layout, signal);
    if (found === undefined || found.value.by === this.#by) this.lease.renew(asked);
    return found;
  }

  async #saveOurs(signal: AbortSignal, said: { released?: true } = {}): Promise<void> {
    for (;;) if (await this.#write((await this.#checkOurs(signal))?.etag, signal, said)) return;
  }

  #taken(): DynaferryError {
    return new DynaferryError(
      'LOCKED',
      `another process applies the changes in ${this.#bucket.uri(this.#layout.root)}`,
    );
  }

  /** Resolves when the signal ends it. */
  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#clock.sleep(LOOK_MS, signal);
        await this.#checkOurs(signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Writes the mark in place of the one with this ETag, or where there is none; false where another one is there by now. */
  async #write(etag: string | undefined, signal: AbortSignal, said: { released?: true } = {}): Promise<boolean> {
    const mark = { ...this.#mark(), ...said };
    this.#savedMs = mark.writtenMs;
    if (!(await replaceAppliedMark(this.#bucket, this.#layout, mark, etag, signal))) return false;
    this.#savedSeq = mark.seq;
    this.#unsavedBytes = 0;
    return true;
  }

  #mark(): AppliedMark {
    const { newestMicros, ...totals } = this.#ledger.totals().applied;
    return {
      version: 1,
      by: this.#by,
      ...totals,
      ...(newestMicros !== undefined && { newestMicros }),
      writtenMs: Date.now(),
    };
  }
}
