import type { BufferBudget } from '../../engine/buffer-budget.ts';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { ConnectionGate } from '../../engine/connection-gate.ts';
import { LagReporter } from '../../engine/lag-reporter.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { readAppliedMark } from '../../staging/applied-mark.ts';
import { AppliedRemoval } from '../../staging/applied-removal.ts';
import {
  findLastChange,
  followChanges,
  readChangeHeader,
  readChangesFrom,
  writeChangeCommit,
  writeChangeHeader,
  type ChangeCommit,
} from '../../staging/change-log.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { readRemovedThrough } from '../../staging/removed-mark.ts';
import { StagedCopier, type UploadLog } from './staged-copier.ts';

export interface ChangeTransferOptions {
  context: StageContext;
  source: S3Bucket;
  sourceLayout: ExportLayout;
  target: S3Bucket;
  targetLayout: ExportLayout;
  policyHash: string;
  ledger: ChangeLedger;
  meter: StageMeter;
  bandwidth: Pacer;
  /** What bounds the requests and the memory of all objects together. */
  gate: ConnectionGate;
  memory: BufferBudget;
  /** Whether to go on when all that is captured has been carried. */
  endless: boolean;
  /** Whether what is applied at the target is removed from the staging of the source. */
  removesApplied: boolean;
  /** Notified by a capture in the same process… */
  captureWake: CommitSignal;
  /** …and to wake an apply in the same process. */
  wake: CommitSignal;
}

/** How often it is looked how far the target has applied the log. */
const APPLIED_MS = 30_000;

/** Change objects are small: over a far link many must be under way at once. */
const OBJECTS_AT_ONCE = 16;

/** An object of changes is of one part, so no upload in several needs to be remembered. */
const noUploads: UploadLog = { upload: () => undefined, setUpload: () => undefined };

/** Carries change objects and their commits to the target's staging as they are captured, in their order. What has arrived is not carried again. */
export async function runChangeTransfer(options: ChangeTransferOptions): Promise<void> {
  const { meter } = options;
  meter.started(meter.counts.objects > 0);
  try {
    await carryChangeHeader(options);
    await findCarried(options);
    await carryChanges(options);
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

/** Brings what the change log is of to the target. Done again, it changes nothing. */
export async function carryChangeHeader(
  options: Pick<
    ChangeTransferOptions,
    'source' | 'sourceLayout' | 'target' | 'targetLayout' | 'policyHash' | 'context'
  >,
): Promise<void> {
  const { source, sourceLayout, target, targetLayout, policyHash, context } = options;
  const header = await readChangeHeader(source, sourceLayout, context.signal);
  if (header === undefined)
    throw new DynaferryError('EXPORT_NOT_FOUND', `there are no changes of ours at ${source.uri(sourceLayout.root)}`);
  if (header.policyHash !== policyHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the changes in ${source.uri(sourceLayout.root)} were captured under another policy than the one in migration.yaml`,
    );
  await writeChangeHeader(target, targetLayout, header, context.signal);
}

/** A machine whose ledger knows of nothing, or of nothing that is still there, goes on behind the last commit that is at the target. */
async function findCarried(options: ChangeTransferOptions): Promise<void> {
  const { source, sourceLayout, target, targetLayout, ledger, context } = options;
  const { signal } = context;
  const known = ledger.last('transferred');
  const removed = [
    await readRemovedThrough(source, sourceLayout, signal),
    await readRemovedThrough(target, targetLayout, signal),
  ];
  if (known > Math.max(...removed)) return;
  const last = await findLastChange(target, targetLayout, context.signal);
  if (last !== undefined) ledger.recordTransferred(last);
}

async function carryChanges(options: ChangeTransferOptions): Promise<void> {
  const { context, source, sourceLayout, target, targetLayout, ledger, meter, policyHash, removesApplied } = options;
  const scope = new AbortController();
  const signal = AbortSignal.any([context.signal, scope.signal]);
  const { gate, memory, bandwidth, endless, captureWake, wake } = options;
  const onBytes = (bytes: number): void => meter.add({ bytes });
  const onRetry = (): void => meter.add({ retries: 1 });
  const copier = new StagedCopier({ source, target, gate, memory, bandwidth, onBytes, onRetry, signal }, noUploads);
  const lag = new LagReporter(context, 'transfer-changes', () => waiting(ledger));
  const removal = removesApplied ? await AppliedRemoval.open(source, sourceLayout, signal) : undefined;
  let lookedMs = -Infinity;
  const removeApplied = async (): Promise<void> => {
    if (removal === undefined || Date.now() - lookedMs < APPLIED_MS) return;
    lookedMs = Date.now();
    removal.applied((await readAppliedMark(target, targetLayout, signal))?.seq ?? 0);
  };
  // Commits appear at the target in their order, whichever object arrives first.
  let previous: Promise<void> = Promise.resolve();
  const carry = async (commit: ChangeCommit, before: Promise<void>): Promise<void> => {
    if (commit.policyHash !== policyHash)
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `commit ${commit.seq} of ${source.uri(sourceLayout.root)} was made under another policy`,
      );
    const object =
      commit.object === null
        ? null
        : await copier.carry({ ...commit, object: commit.object }, sourceLayout, targetLayout);
    await before;
    const { checkpoints: _stays, state: _too, ...rest } = commit;
    await writeChangeCommit(target, targetLayout, { ...rest, object }, signal);
    ledger.recordTransferred(commit);
    wake.notify();
    await removeApplied();
    if (object === null) return;
    meter.add({ objects: 1, items: object.items });
    lag.throughAll(commit);
  };
  const from = ledger.last('transferred') + 1;
  const commits = endless
    ? followChanges(source, sourceLayout, { from, wake: captureWake, signal })
    : readChangesFrom(source, sourceLayout, from, signal);
  try {
    await removeApplied();
    await runPool(
      commits,
      OBJECTS_AT_ONCE,
      async (commit) => {
        const done = carry(commit, previous);
        previous = done;
        await done;
      },
      scope,
    );
    await removal?.idle();
  } finally {
    lag.close();
  }
}

/** Changes that this machine has captured and not carried; on one that only carries, none. */
function waiting(ledger: ChangeLedger): number {
  const { captured, transferred } = ledger.totals();
  return Math.max(0, captured.puts + captured.deletes - transferred.changes);
}
