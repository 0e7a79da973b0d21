import type { ChangeLedger } from '../../engine/change-ledger.ts';
import { LagReporter } from '../../engine/lag-reporter.ts';
import { DynaferryError } from '../../model/errors.ts';
import { readAppliedMark } from '../../staging/applied-mark.ts';
import { AppliedRemoval } from '../../staging/applied-removal.ts';
import {
  findLastChange,
  followChanges,
  OTHER_POLICY,
  readChangeHeader,
  readChangesFrom,
  writeChangeCommit,
  writeChangeHeader,
  type ChangeCommit,
} from '../../staging/change-log.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import { readRemovedThrough } from '../../staging/removed-mark.ts';
import { CommitCarrier, type CarrierOptions } from './commit-carrier.ts';
import type { UploadLog } from './staged-copier.ts';

export interface ChangeTransferOptions extends CarrierOptions {
  ledger: ChangeLedger;
  /** Whether to go on when all that is captured has been carried. */
  endless: boolean;
  /** Whether what is applied at the target is removed from the staging of the source. */
  removesApplied: boolean;
  /** Notified by a capture in the same process. */
  captureWake: CommitSignal;
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
      { fix: OTHER_POLICY },
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
  const { context, source, sourceLayout, target, targetLayout, ledger, endless, removesApplied, captureWake } = options;
  const lag = new LagReporter(context, 'transfer-changes', () => waiting(ledger));
  const carrier = new CommitCarrier<ChangeCommit>(options, {
    objectsAtOnce: OBJECTS_AT_ONCE,
    uploads: noUploads,
    due: () => 'all',
    write: ({ checkpoints: _stay, state: _too, ...rest }, signal) =>
      writeChangeCommit(target, targetLayout, rest, signal),
    record: (commit) => ledger.recordTransferred(commit),
    onArrived: async (commit) => {
      await removeApplied();
      lag.throughAll(commit);
    },
  });
  const { signal } = carrier;
  const removal = removesApplied ? await AppliedRemoval.open(source, sourceLayout, signal) : undefined;
  let lookedMs = -Infinity;
  const removeApplied = async (): Promise<void> => {
    if (removal === undefined || Date.now() - lookedMs < APPLIED_MS) return;
    lookedMs = Date.now();
    removal.applied((await readAppliedMark(target, targetLayout, signal))?.seq ?? 0);
  };
  const from = ledger.last('transferred') + 1;
  const commits = endless
    ? followChanges(source, sourceLayout, { from, wake: captureWake, signal })
    : readChangesFrom(source, sourceLayout, from, signal);
  try {
    await removeApplied();
    await carrier.carryAll(commits);
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
