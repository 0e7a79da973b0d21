import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import {
  STATE_EVERY,
  writeChangeCommit,
  type CaptureState,
  type ChangeCommit,
  type ShardPosition,
} from '../../staging/change-log.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import type { Compression } from '../../staging/compression.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { writeDeadLetters } from '../../staging/source-dead-letters.ts';
import { writeObject } from '../../staging/write-object.ts';
import type { ChangeBatch } from './change-batch.ts';
import { sumOf } from './change-processor.ts';

export interface ChangeCommitterOptions {
  bucket: S3Bucket;
  layout: ExportLayout;
  ledger: ChangeLedger;
  policyHash: string;
  compression: Compression;
  wake: CommitSignal;
  /** Not the user's interrupt, after which what was read is still committed; aborted when that must end too. */
  signal: AbortSignal;
  onCommit: (commit: ChangeCommit) => void;
}

/**
 * Makes batches of changes durable, in order: change object, dead letters, commit, ledger. Objects are uploaded side by side; their commits follow one another
 * in the order in which the batches came, so a position never stands before changes that are not there, and a key's changes keep their order.
 */
export class ChangeCommitter {
  readonly #options: ChangeCommitterOptions;
  #seq: number;
  #previous: Promise<void> = Promise.resolve();

  constructor(options: ChangeCommitterOptions) {
    this.#options = options;
    this.#seq = options.ledger.last('captured');
  }

  /** Resolves when the batch is durable. `checkpoints` and `throughMs` are how far the stream is read with all batches up to this one. */
  commit(batch: ChangeBatch, checkpoints: ShardPosition[], throughMs: number): Promise<void> {
    const seq = ++this.#seq;
    const previous = this.#previous;
    const done = this.#upload(seq, batch).then(async (object) => {
      await previous;
      await this.#record({
        version: 1,
        seq,
        policyHash: this.#options.policyHash,
        object,
        counts: batch.counts,
        ...(object !== null && { oldestMicros: batch.oldestMicros, newestMicros: batch.newestMicros }),
        throughMs,
        capturedMs: Date.now(),
        checkpoints,
      });
    });
    this.#previous = done;
    return done;
  }

  async #upload(seq: number, batch: ChangeBatch): Promise<ChangeCommit['object']> {
    const { bucket, layout, compression, policyHash, signal } = this.#options;
    const finished = await batch.builder?.finish();
    if (batch.deadLetters.length > 0) await writeDeadLetters(bucket, layout, 'capture', seq, batch.deadLetters, signal);
    if (finished === undefined) return null;
    return writeObject(bucket, layout, seq, finished, { compression, policyHash, signal });
  }

  async #record(made: ChangeCommit): Promise<void> {
    const { bucket, layout, ledger, wake, signal, onCommit } = this.#options;
    const commit = made.seq % STATE_EVERY === 0 ? { ...made, state: this.#stateWith(made) } : made;
    await writeChangeCommit(bucket, layout, commit, signal);
    ledger.recordCaptured(commit);
    wake.notify();
    onCommit(commit);
  }

  /** Where the capture stands with a commit that is not recorded yet, and all before it, which are. */
  #stateWith({ object, counts, newestMicros, checkpoints = [] }: ChangeCommit): CaptureState {
    const { ledger } = this.#options;
    const { captured } = ledger.totals();
    const positions = ledger.positions();
    for (const position of checkpoints) positions.set(position.shardId, position);
    const newest = Math.max(captured.newestMicros ?? 0, newestMicros ?? 0);
    return {
      positions: [...positions.values()],
      objects: captured.objects + (object === null ? 0 : 1),
      bytes: captured.bytes + (object?.sizeBytes ?? 0),
      counts: sumOf(captured, counts),
      ...(newest > 0 && { newestMicros: newest }),
    };
  }
}
