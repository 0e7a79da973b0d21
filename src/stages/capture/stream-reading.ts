import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { Clock } from '../../engine/pacer.ts';
import { Semaphore } from '../../engine/semaphore.ts';
import type { StageMeter } from '../../engine/stage-context.ts';
import type { ListedShard, StreamDescription, StreamsClient } from '../../dynamodb/streams.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { ChangeLane } from './change-lane.ts';
import type { ChangeProcessor } from './change-processor.ts';
import type { Settler } from './settler.ts';
import { ShardReader } from './shard-reader.ts';
import type { ShardTree } from './shard-tree.ts';

export interface StreamReadingOptions {
  client: StreamsClient;
  streamArn: string;
  processor: ChangeProcessor;
  /** Where changes go both ways. */
  settler: Settler | undefined;
  lane: ChangeLane;
  tree: ShardTree;
  ledger: ChangeLedger;
  meter: StageMeter;
  clock: Clock;
  /** Ends the reading; what was read by then is committed. */
  signal: AbortSignal;
  /** The time from which on changes count, in milliseconds since 1970. */
  startMs: number;
  /** End when all changes that were made before then (milliseconds since 1970) are read; never where absent. */
  untilMs: number | undefined;
}

/** Pages that are held at once; shards beyond that wait for their turn. */
const PAGES_AT_ONCE = 32;
/** How often the stream is asked for its shards: where one has ended whose children are not listed yet, or somebody waits for the end; else. */
const LIST_SOON_MS = 1000;
const LIST_MS = 30_000;
/**
 * A listing that lacks a new shard's parent is taken so often, LIST_SOON_MS apart, before it is believed: it comes in pages, and AWS's own adapter for DynamoDB Streams
 * lists again, too, where shards do not fit together, and adds up what it is told (DynamoDBStreamsProxy). At the first look as well: the parents of the oldest shards are gone by then,
 * but a shard that is read before a parent that is only not listed would take its keys back.
 */
const LISTINGS_MAX = 4;
/** How often it is looked whether a shard has ended. */
const LOOK_MS = 100;
/** After an interrupt, what was read is committed within this time or given up (it is read again then). */
const FLUSH_MS_MAX = 30_000;

/** Reads all shards of a stream side by side, each behind its parent, and finds new ones as they come. */
export class StreamReading {
  readonly #options: StreamReadingOptions;
  readonly #scope = new AbortController();
  readonly #signal: AbortSignal;
  readonly #gate = new Semaphore(PAGES_AT_ONCE);
  /** Readers and what runs beside them. */
  #running = 0;
  readonly #ended = Promise.withResolvers<void>();
  #failure: { error: unknown } | undefined;
  #isCaughtUp = false;

  constructor(options: StreamReadingOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#scope.signal]);
  }

  /**
   * Reads until `untilMs` is reached, the signal ends it, or something fails. Whatever ends it, what was read is committed then; `flushing` is aborted where
   * that takes too long.
   */
  async run(flushing: AbortController): Promise<void> {
    const { lane } = this.#options;
    this.#start(() => lane.watch(this.#signal));
    this.#start(() => this.#followShards());
    await this.#ended.promise;
    const failure = this.#isCaughtUp ? undefined : this.#failure;
    // What was read is worth keeping, but not for ever: the user waits.
    if (failure !== undefined) void sleep(FLUSH_MS_MAX, undefined, { ref: false }).then(() => flushing.abort());
    const [flushed] = await Promise.allSettled([lane.flush()]);
    if (failure !== undefined) throw failure.error;
    if (flushed.status === 'rejected') throw flushed.reason;
  }

  /** Runs something beside the rest; its failure ends all. */
  #start(work: () => Promise<void>): void {
    this.#running++;
    void work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#scope.abort();
      })
      .finally(() => {
        if (--this.#running === 0) this.#ended.resolve();
      });
  }

  async #followShards(): Promise<void> {
    const { streamArn, tree, lane, ledger, untilMs } = this.#options;
    for (;;) {
      const askedMs = Date.now();
      const { status, shards } = await this.#list();
      ledger.forgetShards(tree.update(shards));
      lane.keep(tree.takeFound());
      this.#readReady();
      if (tree.isRead && (status === 'DISABLED' || status === 'DISABLING'))
        throw new DynaferryError(
          'STREAM_GAP',
          `source: the stream ${streamArn} was switched off; changes that were made since then are not captured`,
        );
      if (untilMs !== undefined && askedMs >= untilMs && tree.throughMs >= untilMs) {
        this.#isCaughtUp = true;
        this.#scope.abort();
        return;
      }
      await this.#waitToList();
    }
  }

  async #list(): Promise<StreamDescription> {
    const { client, streamArn, tree, clock } = this.#options;
    const byId = new Map<string, ListedShard>();
    for (let listings = 1; ; listings++) {
      const { status, shards: listed } = await client.describe(streamArn, this.#signal);
      for (const shard of listed) byId.set(shard.ShardId, shard);
      // What one of them lacks may be another than what the one before lacked.
      const shards = [...byId.values()];
      if (listings === LISTINGS_MAX || tree.orphanOf(shards) === undefined) return { status, shards };
      await clock.sleep(LIST_SOON_MS, this.#signal);
    }
  }

  /** Waits for the time to list again, which may then prove to be the end, and meanwhile starts shards whose parents end. */
  async #waitToList(): Promise<void> {
    const { tree, untilMs, clock } = this.#options;
    const listedMs = clock.nowMs();
    for (;;) {
      await clock.sleep(LOOK_MS, this.#signal);
      this.#readReady();
      if (untilMs !== undefined && tree.throughMs >= untilMs) return;
      const soon = untilMs !== undefined || tree.awaitsChildren;
      if (clock.nowMs() - listedMs >= (soon ? LIST_SOON_MS : LIST_MS)) return;
    }
  }

  #readReady(): void {
    const { tree, client, streamArn, processor, settler, lane, meter, clock, startMs, untilMs } = this.#options;
    for (const position of tree.takeReady()) {
      const reader = new ShardReader(position, {
        client,
        streamArn,
        processor,
        settler,
        lane,
        tree,
        gate: this.#gate,
        meter,
        clock,
        startMs,
        untilMs,
        signal: this.#signal,
      });
      this.#start(() => reader.run());
    }
  }
}
