import type { Merge } from '../../conflict/merge.ts';
import type { ItemPutter } from '../../dynamodb/put-items.ts';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { AppliedCounts } from '../../engine/change-sums.ts';
import { LagReporter } from '../../engine/lag-reporter.ts';
import { systemClock, type Pacer } from '../../engine/pacer.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import { MalformedJson } from '../../model/json-bytes.ts';
import type { KeySchema } from '../../model/key.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { AppliedRemoval } from '../../staging/applied-removal.ts';
import { followChanges, OTHER_POLICY, readChangesFrom, type ChangeCommit } from '../../staging/change-log.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { readObjectLines } from '../../staging/object-lines.ts';
import { AppliedPosition, TAKEOVER_MS } from './applied-position.ts';
import { ChangeFold } from './change-fold.ts';
import { changeGroups, jsonBytesOf, type FetchedChanges } from './change-groups.ts';
import { ChangeWriter } from './change-writer.ts';
import { DeadLetters } from './dead-letters.ts';
import { MergeWriter } from './merge-writer.ts';
import { retryDeadLetters } from './retry-dead-letters.ts';
import type { Writer } from './writer.ts';

export interface ApplyOptions {
  context: StageContext;
  /** Of the target. */
  bucket: S3Bucket;
  layout: ExportLayout;
  /** What the changes must have been made under. */
  policyHash: string;
  ledger: ChangeLedger;
  meter: StageMeter;
  putter: ItemPutter;
  /** Of the target's table, where changes go both ways: takes the place of the putter. */
  merge: Merge | undefined;
  key: KeySchema;
  pacer: Pacer;
  /** Write requests under way at once. */
  concurrency: number;
  /** Notified by a transfer of changes in the same process. */
  wake: CommitSignal;
  /** Whether to go on when all that has arrived is applied. */
  endless: boolean;
  /** Whether to try again what was set aside before. */
  retryDeadLetters: boolean;
  /** Whether what is applied is removed from the staging. */
  removesApplied: boolean;
}

/**
 * Applies changes to the table in the order of their commits, as they arrive in the target's staging. What the ledger knows to be applied is not applied again; what may be applied
 * behind that is taken into the first group, so that no key goes back to a state before the one that it had reached.
 */
export async function runApply(options: ApplyOptions): Promise<void> {
  const { meter } = options;
  const position = await takePosition(options);
  try {
    await Applier.run(options, position);
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

/** Takes the log over, and says from where it goes on: another machine may have come further than this one knew. */
async function takePosition({ bucket, layout, ledger, meter, context }: ApplyOptions): Promise<AppliedPosition> {
  const { migration, signal, clock = systemClock, onEvent } = context;
  const message = `waiting for ${TAKEOVER_MS / 1000} s: a process at another machine may be applying these changes, and stops meanwhile`;
  const onWait = (): void => onEvent({ type: 'notice', migration, stage: 'apply', level: 'info', message });
  const position = await AppliedPosition.take(bucket, layout, ledger, { signal, clock, onWait });
  const { puts, deletes, superseded, deadLettered, bytes, objects } = ledger.totals().applied;
  const items = puts + deletes + superseded + deadLettered;
  Object.assign(meter.counts, { items, bytes, objects, deadLettered });
  meter.started(items > 0);
  return position;
}

class Applier {
  readonly #options: ApplyOptions;
  readonly #letters: DeadLetters;
  readonly #position: AppliedPosition;
  readonly #writer: Writer;
  readonly #lag: LagReporter;
  readonly #removal: AppliedRemoval | undefined;
  #isRetryDue: boolean;
  /** When this began, until it is told that all that was written before is applied. */
  #toldFrom: number | undefined;

  private constructor(
    options: ApplyOptions,
    letters: DeadLetters,
    position: AppliedPosition,
    removal: AppliedRemoval | undefined,
  ) {
    const { putter, merge, key, pacer, concurrency, context, ledger } = options;
    this.#options = options;
    this.#letters = letters;
    this.#position = position;
    this.#removal = removal;
    this.#isRetryDue = options.retryDeadLetters;
    this.#writer =
      merge === undefined
        ? new ChangeWriter({ putter, pacer, letters, concurrency })
        : new MergeWriter({ merge, key, letters, concurrency });
    this.#lag = new LagReporter(context, 'apply', () => waiting(ledger));
    if (options.endless) this.#toldFrom = Date.now();
  }

  static async run(options: ApplyOptions, position: AppliedPosition): Promise<void> {
    const { context } = options;
    try {
      await position.whileOurs(context.signal, (signal) =>
        Applier.#run({ ...options, context: { ...context, signal } }, position),
      );
    } finally {
      // Also where the stage was stopped: another machine then goes on at the very place.
      await position.release(AbortSignal.timeout(LAST_SAVE_MS_MAX)).catch(() => undefined);
    }
  }

  static async #run(options: ApplyOptions, position: AppliedPosition): Promise<void> {
    const { bucket, layout } = options;
    const { signal } = options.context;
    const letters = await DeadLetters.open(bucket, layout, signal);
    const removal = options.removesApplied ? await AppliedRemoval.open(bucket, layout, signal) : undefined;
    const applier = new Applier(options, letters, position, removal);
    try {
      removal?.applied(position.savedSeq);
      await applier.#follow();
      await removal?.idle();
    } finally {
      applier.#lag.close();
    }
  }

  /**
   * Tries again what was set aside, once, where that is asked for. To be called when all that an earlier run may have written is accounted for: where it was killed between the write
   * of a key's later change and the removal of the letter, the letter would take the key back.
   */
  async #retry(): Promise<void> {
    if (!this.#isRetryDue) return;
    this.#isRetryDue = false;
    const { context, ledger, meter } = this.#options;
    const before = this.#letters.size;
    const letters = this.#letters;
    const { puts, deletes } = await retryDeadLetters(letters, this.#writer, this.#position.lease, context.signal);
    const fewer = ledger.totals().applied.deadLettered - letters.size;
    // What a crash kept from being told is made good in the same sums.
    ledger.reviseApplied({ puts, deletes, superseded: fewer - puts - deletes, deadLettered: -fewer });
    meter.counts.deadLettered = letters.size;
    const { migration, onEvent } = context;
    const message = `${puts + deletes} of ${before} dead-lettered changes were applied`;
    onEvent({ type: 'notice', migration, stage: 'apply', level: 'info', message });
  }

  async #follow(): Promise<void> {
    const { bucket, layout, ledger, wake, context, endless } = this.#options;
    const scope = new AbortController();
    const signal = AbortSignal.any([context.signal, scope.signal]);
    const from = ledger.last('applied') + 1;
    const firstTo = await this.#position.mayBeAppliedTo(context.signal);
    // Else the first group does not come before something new arrives.
    if (firstTo < from) await this.#retry();
    const commits = endless
      ? followChanges(bucket, layout, { from, wake, signal })
      : readChangesFrom(bucket, layout, from, signal);
    const groups = changeGroups(commits, {
      fetch: (commit) => this.#fetch(commit, signal),
      firstTo,
      scope,
    });
    for await (const group of groups) {
      await this.#apply(group);
      await this.#retry();
    }
  }

  async #fetch(commit: ChangeCommit, signal: AbortSignal): Promise<FetchedChanges> {
    const { bucket, layout, policyHash } = this.#options;
    const { object } = commit;
    if (object === null) return { commit, blocks: [] };
    if (commit.policyHash !== policyHash)
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `commit ${commit.seq} of ${bucket.uri(layout.root)} was made under another policy than the one in migration.yaml`,
        { fix: OTHER_POLICY },
      );
    const expected = { key: layout.root + object.key, md5Base64: object.md5Base64, sha256: object.sha256 };
    const blocks: Buffer[] = [];
    for await (const block of readObjectLines(bucket, expected, signal)) blocks.push(block);
    return { commit, blocks };
  }

  async #apply(group: readonly FetchedChanges[]): Promise<void> {
    const { ledger, meter, context } = this.#options;
    const { fold, writtenMicros } = this.#fold(group);
    const commits = group.map(({ commit }) => commit);
    const { puts, deletes } = await this.#position.lease.during(
      (signal) => this.#writer.write(fold.changes, signal),
      context.signal,
    );
    ledger.recordApplied(commits, this.#counts(fold.lines, puts, deletes));
    const objects = commits.filter(({ object }) => object !== null).length;
    const bytes = commits.reduce((sum, { object }) => sum + (object?.sizeBytes ?? 0), 0);
    meter.add({ items: fold.lines, bytes, objects });
    meter.counts.deadLettered = this.#letters.size;
    for (const micros of writtenMicros) this.#lag.through(micros);
    this.#tellCaughtUp(commits[commits.length - 1].throughMs);
    const jsonBytes = group.reduce((sum, one) => sum + jsonBytesOf(one), 0);
    await this.#position.moved(jsonBytes, context.signal);
    this.#removal?.applied(this.#position.savedSeq);
  }

  #tellCaughtUp(throughMs: number): void {
    if (this.#toldFrom === undefined || throughMs < this.#toldFrom) return;
    const { migration, onEvent } = this.#options.context;
    const message = `the target has caught up: all that was written before ${new Date(this.#toldFrom).toISOString()} is there`;
    onEvent({ type: 'notice', migration, stage: 'apply', level: 'info', message });
    this.#toldFrom = undefined;
  }

  #fold(group: readonly FetchedChanges[]): { fold: ChangeFold; writtenMicros: number[] } {
    const fold = new ChangeFold(this.#options.key, { isStamped: this.#options.merge !== undefined });
    const writtenMicros: number[] = [];
    for (const { commit, blocks } of group) {
      const before = fold.lines;
      try {
        for (const block of blocks)
          for (let at = 0; at < block.length;) {
            const end = block.indexOf(0x0a, at);
            writtenMicros.push(fold.add(block, at, end));
            at = end + 1;
          }
      } catch (error) {
        if (!(error instanceof MalformedJson)) throw error;
        throw this.#damaged(commit, 'holds a line that is not a change');
      }
      const lines = fold.lines - before;
      const items = commit.object?.items ?? 0;
      if (lines !== items) throw this.#damaged(commit, `holds ${lines} changes, its commit says ${items}`);
    }
    return { fold, writtenMicros };
  }

  /** What is set aside is told by the letters that lie there; what is not otherwise accounted for gave way to a later change of its key. */
  #counts(lines: number, puts: number, deletes: number): AppliedCounts {
    const deadLettered = this.#letters.size - this.#options.ledger.totals().applied.deadLettered;
    return { puts, deletes, deadLettered, superseded: lines - puts - deletes - deadLettered };
  }

  #damaged({ object }: ChangeCommit, what: string): DynaferryError {
    const { bucket, layout } = this.#options;
    return new DynaferryError('DATA_DAMAGED', `target: ${bucket.uri(layout.root + (object?.key ?? ''))} ${what}`);
  }
}

/** A stop is not held up for longer by the mark in staging. */
const LAST_SAVE_MS_MAX = 5000;

/** Changes that this machine knows of and has not applied; on one that only applies, none. */
function waiting(ledger: ChangeLedger): number {
  const { captured, transferred, applied } = ledger.totals();
  const known = Math.max(captured.puts + captured.deletes, transferred.changes);
  return Math.max(0, known - applied.puts - applied.deletes - applied.superseded - applied.deadLettered);
}
