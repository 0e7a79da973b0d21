import type { Clock } from '../../engine/pacer.ts';
import type { Compression } from '../../staging/compression.ts';
import { ChangeBatch } from './change-batch.ts';
import type { ChangeCommitter } from './change-committer.ts';
import type { RecordsOutcome } from './change-processor.ts';
import type { ShardProgress, ShardTree } from './shard-tree.ts';

export interface ChangeLaneOptions {
  committer: ChangeCommitter;
  tree: ShardTree;
  compression: Compression;
  clock: Clock;
}

/** A change object is committed when its first line is so old (or when it is large enough: ChangeBatch)… */
const LINES_MS_MAX = 1000;
/** …and what is read without giving a line is, when it is so old. */
const PROGRESS_MS_MAX = 10_000;
/** How often the age is looked at. */
const TICK_MS = 100;
/** Batches that are being made durable. More would only be memory: it is the bucket that does not keep up. */
const IN_FLIGHT_MAX = 4;

/**
 * Gathers the changes of all shards into change objects, one after the other, and keeps the shards' positions together with what they account for: what is
 * added between two cuts becomes durable as one.
 */
export class ChangeLane {
  readonly #options: ChangeLaneOptions;
  #batch: ChangeBatch;
  readonly #inFlight = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(options: ChangeLaneOptions) {
    this.#options = options;
    this.#batch = this.#open();
  }

  /** Resolves when so little is under way that more may be read. Throws what made a commit fail, and the signal's reason: the bucket may be away for as long as it likes. */
  async room(signal: AbortSignal): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => stopped.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (this.#inFlight.size >= IN_FLIGHT_MAX && !signal.aborted)
        await Promise.race([stopped.promise, ...this.#inFlight]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    signal.throwIfAborted();
  }

  /** Takes in a page of a shard and how far the shard is read with it. Resolves when the lines' memory is free again. */
  async add(shardId: string, progress: ShardProgress, outcome: RecordsOutcome): Promise<void> {
    if (!this.#batch.hasRoomFor(outcome)) this.#cut();
    const batch = this.#batch;
    this.#options.tree.advance(shardId, progress);
    batch.shards.add(shardId);
    await batch.add(outcome, this.#options.clock.nowMs());
    if (batch === this.#batch && batch.isFull) this.#cut();
  }

  /** Shards that are known now and of which nothing is read: where they stand becomes durable with what is read next. */
  keep(shardIds: readonly string[]): void {
    for (const shardId of shardIds) this.#batch.shards.add(shardId);
  }

  /** Takes it that a shard holds nothing that counts: it is done. */
  skip(shardId: string): void {
    this.#options.tree.advance(shardId, { done: true });
    this.#batch.shards.add(shardId);
  }

  /** Cuts batches as they get old, until the signal ends that by throwing its reason. Throws what made a commit fail. */
  async watch(signal: AbortSignal): Promise<never> {
    const { clock } = this.#options;
    for (;;) {
      await clock.sleep(TICK_MS, signal);
      if (this.#failure !== undefined) throw this.#failure.error;
      const { firstLineMs, openedMs, shards } = this.#batch;
      const nowMs = clock.nowMs();
      const isOld = firstLineMs !== undefined && nowMs - firstLineMs >= LINES_MS_MAX;
      // Where the bucket is slow, the next object grows meanwhile.
      if (isOld && this.#inFlight.size < IN_FLIGHT_MAX) this.#cut();
      else if (shards.size > 0 && nowMs - openedMs >= PROGRESS_MS_MAX) this.#cut();
    }
  }

  /** Commits what is there and waits until all is durable. */
  async flush(): Promise<void> {
    if (this.#batch.shards.size > 0) this.#cut();
    while (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #open(): ChangeBatch {
    return new ChangeBatch(this.#options.compression, this.#options.clock.nowMs());
  }

  #cut(): void {
    const { committer, tree } = this.#options;
    const batch = this.#batch;
    this.#batch = this.#open();
    const checkpoints = [...batch.shards].map((shardId) => tree.position(shardId));
    const done: Promise<void> = committer
      .commit(batch, checkpoints, tree.throughMs)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#inFlight.delete(done));
    this.#inFlight.add(done);
  }
}
