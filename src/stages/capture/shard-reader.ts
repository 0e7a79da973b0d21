import type { Semaphore } from '../../engine/semaphore.ts';
import type { Clock } from '../../engine/pacer.ts';
import type { StageMeter } from '../../engine/stage-context.ts';
import type { ShardClock } from '../../conflict/judge.ts';
import { isExpiredIterator, type StreamsClient } from '../../dynamodb/streams.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { ShardPosition } from '../../staging/change-log.ts';
import type { ChangeLane } from './change-lane.ts';
import type { ChangeProcessor, RecordsOutcome } from './change-processor.ts';
import type { Settler } from './settler.ts';
import type { ShardTree } from './shard-tree.ts';

export interface ShardReaderOptions {
  client: StreamsClient;
  streamArn: string;
  processor: ChangeProcessor;
  /** Where changes go both ways. */
  settler: Settler | undefined;
  lane: ChangeLane;
  tree: ShardTree;
  /** Bounds the pages that are held at once, over all shards. */
  gate: Semaphore;
  meter: StageMeter;
  clock: Clock;
  /** The time from which on changes count, in milliseconds since 1970. */
  startMs: number;
  /** Somebody waits until all changes that were made before then (milliseconds since 1970) are read; nobody where absent. */
  untilMs: number | undefined;
  signal: AbortSignal;
}

/** A shard takes five reads a second (developer guide, "Quotas"), whoever makes them. */
const POLL_MS_MIN = 200;
/** A shard at rest is read ever less often, down to this. */
const POLL_MS_MAX = 1000;
const POLL_GROWTH = 1.5;

/** Records are in the stream within this time after the change was made. */
const STREAM_DELAY_MS = 2000;
/**
 * An answer without records may only mean that there are some further on ("it might take multiple calls to get to a portion of the shard that contains
 * stream records", API reference of GetRecords); after so many in a row there were none when the first was asked for. Behind a record
 * that was read by the same iterator there is little to pass; from where a new iterator stands, the beginning of a shard or the record that was read last, it may be hours.
 */
const EMPTY_ANSWERS = 3;
const EMPTY_ANSWERS_OF_NEW_ITERATOR = 12;

/** Said of a shard that the stream has removed, and of a stream that does not exist (API reference of GetShardIterator and GetRecords). */
const NOT_FOUND = 'ResourceNotFoundException';

/** How long the stream keeps a record (developer guide, "Change data capture for DynamoDB Streams"). */
const RETENTION_MS = 24 * 60 * 60_000;
/** By how much our clock may differ from the service's, and a record's time from the one by which it is removed. */
const CLOCKS_DIFFER_MS_MAX = 30 * 60_000;

/**
 * Reads one shard from its position to its end, which for an open shard never comes. In a capture that has just begun a shard that is gone is at its end. Throws STREAM_GAP where records are gone that were not read.
 */
export class ShardReader {
  readonly #options: ShardReaderOptions;
  readonly #shardId: string;
  readonly #clock: ShardClock;
  #after: string | null;
  #throughMs: number;
  /** When each of the last answers without records was asked for. Goes on over a new iterator: iterators that expire again and again must not keep a shard from being read through. */
  #emptySinceMs: number[] = [];
  /** So many answers without records mean that there are none. */
  #emptyAnswers = EMPTY_ANSWERS_OF_NEW_ITERATOR;

  constructor({ shardId, after, throughMs, clockMicros = 0 }: ShardPosition, options: ShardReaderOptions) {
    this.#options = options;
    this.#clock = { lastMicros: clockMicros };
    this.#shardId = shardId;
    this.#after = after;
    this.#throughMs = throughMs;
  }

  async run(): Promise<void> {
    const { lane } = this.#options;
    try {
      if (await this.#isBefore()) lane.skip(this.#shardId);
      else await this.#readAll();
    } catch (error) {
      if (!(await this.#isGoneHarmlessly(error))) throw error;
      lane.skip(this.#shardId);
    }
  }

  async #readAll(): Promise<void> {
    const { clock, signal } = this.#options;
    let iterator: string | undefined;
    let pauseMs = POLL_MS_MIN;
    for (;;) {
      const askedMs = clock.nowMs();
      const answer = await this.#read(iterator);
      if (answer?.isDone === true) return;
      iterator = answer?.nextIterator;
      const isAtRest = answer?.isEmpty === true && !this.#isAwaited;
      pauseMs = isAtRest ? Math.min(POLL_MS_MAX, pauseMs * POLL_GROWTH) : POLL_MS_MIN;
      await clock.sleep(Math.max(0, askedMs + pauseMs - clock.nowMs()), signal);
    }
  }

  get #isAwaited(): boolean {
    const { untilMs } = this.#options;
    return untilMs !== undefined && this.#throughMs < untilMs;
  }

  /**
   * Whether the shard ended before anything counts: its child had a record by then. A capture that begins need not read a day's changes to drop them. A child
   * without records says nothing.
   */
  async #isBefore(): Promise<boolean> {
    const { client, streamArn, processor, tree, startMs, signal } = this.#options;
    if (this.#after !== null || this.#throughMs > startMs) return false;
    try {
      for (const child of tree.childrenOf(this.#shardId)) {
        const iterator = await client.iterator(streamArn, child, null, signal);
        const page = await client.records(streamArn, iterator, signal, 1);
        const firstMs = processor.firstMs(page);
        client.recycle(page);
        if (firstMs !== undefined && firstMs < startMs) return true;
      }
      return false;
    } catch (error) {
      // It had one that was a day old and has just been removed.
      if (this.#isHarmless(error)) return true;
      // The link was away meanwhile. Reading it all does no harm.
      if (isExpiredIterator(error)) return false;
      throw error;
    }
  }

  get #clockNow(): Pick<ShardPosition, 'clockMicros'> {
    const { lastMicros } = this.#clock;
    return lastMicros === 0 ? {} : { clockMicros: lastMicros };
  }

  /** Reads one page; undefined where the iterator is of no use any more and the same place must be asked for again. */
  async #read(
    iterator: string | undefined,
  ): Promise<{ nextIterator?: string; isDone: boolean; isEmpty: boolean } | undefined> {
    const { client, processor, settler, lane, gate, meter, signal } = this.#options;
    return gate.run(async () => {
      // Behind the gate: shards that all wait for room must not all read when there is some.
      await lane.room(signal);
      const askedMs = Date.now();
      const page = await this.#page(iterator);
      if (page === undefined) return undefined;
      const outcome = processor.process(page, this.#clock);
      // Before it is accounted for: what a crash cuts off is done again.
      await settler?.settle(outcome.settlements, signal);
      client.recycle(page);
      const { counts, lines, nextIterator } = outcome;
      this.#note(outcome, askedMs);
      const isDone = nextIterator === undefined;
      const progress = { after: this.#after, throughMs: this.#throughMs, done: isDone };
      await lane.add(this.#shardId, { ...progress, ...this.#clockNow }, outcome);
      processor.recycle(lines);
      meter.add({
        items: counts.read,
        bytes: counts.sourceBytes,
        filtered: counts.filtered,
        deadLettered: counts.deadLettered,
      });
      return { nextIterator, isDone, isEmpty: counts.read === 0 };
    }, signal);
  }

  async #iterator(): Promise<string> {
    const { client, streamArn, signal } = this.#options;
    // From the oldest record on nobody says whether there was an older one.
    if (this.#after === null && Date.now() - this.#throughMs > RETENTION_MS - CLOCKS_DIFFER_MS_MAX)
      throw new DynaferryError(
        'STREAM_GAP',
        `source: ${streamArn} holds changes for 24 hours, and shard ${this.#shardId} was last read up to ${new Date(this.#throughMs).toISOString()}`,
      );
    this.#emptyAnswers = EMPTY_ANSWERS_OF_NEW_ITERATOR;
    return client.iterator(streamArn, this.#shardId, this.#after, signal);
  }

  async #page(iterator: string | undefined): Promise<Buffer | undefined> {
    const { client, streamArn, signal } = this.#options;
    try {
      return await client.records(streamArn, iterator ?? (await this.#iterator()), signal);
    } catch (error) {
      if (isExpiredIterator(error) || this.#isHarmless(error)) return undefined;
      throw error;
    }
  }

  /**
   * Records that the stream removes are a day old. In a capture that has just begun that is older than anything that counts; and where the shard was read through a time since
   * which no day has passed, they were read: of a table at rest the record behind which to go on may be gone before a newer one comes.
   */
  #isHarmless(error: unknown): boolean {
    if (!(error instanceof DynaferryError && error.serviceCode === 'TrimmedDataAccessException')) return false;
    const wereRead = this.#after !== null && Date.now() - this.#throughMs < RETENTION_MS - CLOCKS_DIFFER_MS_MAX;
    if (!this.#isNew && !wereRead) return false;
    this.#after = null;
    return true;
  }

  /** The same where the stream has removed the whole shard, since it was listed or read last. Throws STREAM_GAP where the stream itself is gone. */
  async #isGoneHarmlessly(error: unknown): Promise<boolean> {
    const { client, streamArn, signal } = this.#options;
    // Other services say so of a table, or of a key.
    const isGone = error instanceof DynaferryError && error.code === 'STREAM_GAP' && error.serviceCode === NOT_FOUND;
    if (!isGone || !this.#isNew) return false;
    await client.describe(streamArn, signal);
    return true;
  }

  /** Whether all that counts is younger than what the stream removes. */
  get #isNew(): boolean {
    return Date.now() - this.#options.startMs <= RETENTION_MS / 2;
  }

  #note({ last }: RecordsOutcome, askedMs: number): void {
    if (last !== undefined) {
      this.#emptySinceMs = [];
      this.#emptyAnswers = EMPTY_ANSWERS;
      this.#after = last.sequenceNumber;
      this.#throughMs = Math.max(this.#throughMs, last.createdMs);
      return;
    }
    this.#emptySinceMs = [...this.#emptySinceMs, askedMs].slice(-this.#emptyAnswers);
    if (this.#emptySinceMs.length === this.#emptyAnswers)
      this.#throughMs = Math.max(this.#throughMs, this.#emptySinceMs[0] - STREAM_DELAY_MS);
  }
}
