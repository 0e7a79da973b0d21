import type { BufferBudget } from '../../engine/buffer-budget.ts';
import type { ConnectionGate } from '../../engine/connection-gate.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { CommitSignal, DataObject } from '../../staging/commit-log.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { StagedCopier, type UploadLog } from './staged-copier.ts';

export interface CarrierOptions {
  context: StageContext;
  source: S3Bucket;
  sourceLayout: ExportLayout;
  target: S3Bucket;
  targetLayout: ExportLayout;
  policyHash: string;
  meter: StageMeter;
  bandwidth: Pacer;
  /** What bounds the requests and the memory of all objects together. */
  gate: ConnectionGate;
  memory: BufferBudget;
  /** To wake who follows the target's commits in the same process. */
  wake: CommitSignal;
}

/** What a commit of any log says that the carrier needs to know. */
interface AnyCommit {
  seq: number;
  policyHash: string;
  object: DataObject | null;
}

/** The log that is carried. */
export interface CarriedLog<Commit extends AnyCommit> {
  /** Objects under way at the same time. */
  objectsAtOnce: number;
  uploads: UploadLog;
  /** What of a commit is still to be carried. */
  due(commit: Commit): 'all' | 'object' | 'nothing';
  /** Writes a commit at the target, without what is for the source only; its object is the one at the target. */
  write(commit: Commit, signal: AbortSignal): Promise<void>;
  /** Remembers that a commit is at the target. */
  record(commit: Commit): void;
  /** Hears of commits that are at the target, and recorded. The next one waits for it. */
  onArrived?(commit: Commit): Promise<void>;
}

/** Carries the commits of a log with their objects to the target's staging. Commits appear there in their order, whichever object arrives first. */
export class CommitCarrier<Commit extends AnyCommit> {
  /** Aborts with the stage, and when a commit cannot be carried. */
  readonly signal: AbortSignal;
  readonly #scope = new AbortController();
  readonly #options: CarrierOptions;
  readonly #log: CarriedLog<Commit>;
  readonly #copier: StagedCopier;

  constructor(options: CarrierOptions, log: CarriedLog<Commit>) {
    const { context, source, target, gate, memory, bandwidth, meter } = options;
    this.signal = AbortSignal.any([context.signal, this.#scope.signal]);
    this.#options = options;
    this.#log = log;
    const onBytes = (bytes: number): void => meter.add({ bytes });
    const onRetry = (): void => meter.add({ retries: 1 });
    const link = { source, target, gate, memory, bandwidth, onBytes, onRetry, signal: this.signal };
    this.#copier = new StagedCopier(link, log.uploads);
  }

  /** Resolves when all that the iterable gives has been carried. Throws POLICY_MISMATCH where a commit was made under another policy. */
  async carryAll(commits: AsyncIterable<Commit>): Promise<void> {
    let previous: Promise<void> = Promise.resolve();
    await runPool(
      commits,
      this.#log.objectsAtOnce,
      async (commit) => {
        const done = this.#carry(commit, previous);
        previous = done;
        await done;
      },
      this.#scope,
    );
  }

  async #carry(commit: Commit, before: Promise<void>): Promise<void> {
    const { source, sourceLayout, targetLayout, policyHash, meter, wake } = this.#options;
    const due = this.#log.due(commit);
    if (due === 'nothing') return before;
    if (commit.policyHash !== policyHash)
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `commit ${commit.seq} of ${source.uri(sourceLayout.root)} was made under another policy`,
      );
    const object =
      commit.object === null
        ? null
        : await this.#copier.carry({ ...commit, object: commit.object }, sourceLayout, targetLayout);
    await before;
    if (due === 'object') return;
    const carried = { ...commit, object };
    await this.#log.write(carried, this.signal);
    this.#log.record(carried);
    wake.notify();
    if (object !== null) meter.add({ objects: 1, items: object.items });
    await this.#log.onArrived?.(carried);
  }
}
