import type { Ledger } from '../../engine/ledger.ts';
import { CommitSignal, writeCommit, type CommitRecord } from '../../staging/commit-log.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { Compression } from '../../staging/compression.ts';
import type { DataObjectBuilder } from '../../staging/data-object.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import type { Sealer } from '../../staging/seal.ts';
import { writeObject } from '../../staging/write-object.ts';
import { writeDeadLetters, type SourceDeadLetter } from '../../staging/source-dead-letters.ts';
import { recordCommit } from './open-export.ts';

/** What has been read and not yet committed: lines, what they account for, and how far reading has come. */
export interface Batch {
  builder: DataObjectBuilder;
  read: number;
  filtered: number;
  sourceBytes: number;
  deadLetters: SourceDeadLetter[];
  /** By segment: where to go on, or null where the segment is done. */
  checkpoints: Map<number, Buffer | null>;
}

export interface CommitterOptions {
  bucket: S3Bucket;
  layout: ExportLayout;
  ledger: Ledger;
  sealer: Sealer;
  policyHash: string;
  compression: Compression;
  wake: CommitSignal;
  /** Not the user's interrupt, after which what was read is still committed; aborted when that must end too. */
  signal: AbortSignal;
  onCommit: (commit: CommitRecord) => void;
}

/**
 * Makes batches durable, in order: data object, dead letters, commit, ledger. Objects are uploaded side by side; their commits follow one another in
 * the order in which the batches came, so a checkpoint never stands before data that is not there.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #seq: number;
  #previous: Promise<void> = Promise.resolve();

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#seq = options.ledger.lastCommit();
  }

  /** Number of commits so far, those under way included. */
  get commits(): number {
    return this.#seq;
  }

  /** Resolves when the batch is durable. Must be called in the order in which batches of one segment were read. */
  commit(batch: Batch): Promise<void> {
    const seq = ++this.#seq;
    const previous = this.#previous;
    const done = this.#upload(seq, batch).then(async (object) => {
      await previous;
      await this.#record(seq, batch, object);
    });
    this.#previous = done;
    // Whoever waits for it hears of a failure; nobody waiting yet is no reason to end the process.
    done.catch(() => undefined);
    return done;
  }

  async #upload(seq: number, batch: Batch): Promise<CommitRecord['object']> {
    const { bucket, layout, compression, policyHash, signal } = this.#options;
    const finished = await batch.builder.finish();
    if (batch.deadLetters.length > 0) await writeDeadLetters(bucket, layout, 'export', seq, batch.deadLetters, signal);
    return writeObject(bucket, layout, seq, finished, { compression, policyHash, signal });
  }

  async #record(seq: number, batch: Batch, object: CommitRecord['object']): Promise<void> {
    const { bucket, layout, ledger, sealer, policyHash, wake, signal, onCommit } = this.#options;
    const commit: CommitRecord = {
      version: 1,
      seq,
      policyHash,
      object,
      counts: {
        read: batch.read,
        filtered: batch.filtered,
        deadLettered: batch.deadLetters.length,
        sourceBytes: batch.sourceBytes,
      },
      checkpoints: [...batch.checkpoints].map(([segment, key]) => ({
        segment,
        sealed: key === null ? null : sealer.seal(key),
        done: key === null,
      })),
    };
    await writeCommit(bucket, layout, commit, signal);
    recordCommit(ledger, commit);
    wake.notify();
    onCommit(commit);
  }
}
