import type { Ledger } from '../../engine/ledger.ts';
import { runPool } from '../../engine/pool.ts';
import type { BufferBudget } from '../../engine/buffer-budget.ts';
import type { ConnectionGate } from '../../engine/connection-gate.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { ListedObject } from '../../s3/object-info.ts';
import { CommitSignal, followCommits, writeCommit, type CommitRecord } from '../../staging/commit-log.ts';
import { readHeader, writeHeader } from '../../staging/header.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { readManifest, writeManifest } from '../../staging/manifest.ts';
import type { Link } from './link.ts';
import { StagedCopier } from './staged-copier.ts';
import type { Pacer } from '../../engine/pacer.ts';

export interface TransferOptions {
  context: StageContext;
  source: S3Bucket;
  sourceLayout: ExportLayout;
  target: S3Bucket;
  targetLayout: ExportLayout;
  policyHash: string;
  ledger: Ledger;
  meter: StageMeter;
  bandwidth: Pacer;
  /** What bounds the requests and the memory of all objects together. */
  gate: ConnectionGate;
  memory: BufferBudget;
  /** Ask the target of every object that the ledger knows to have arrived whether it is still there, and carry it again where not. */
  recheck: boolean;
  /** Notified by an export in the same process… */
  exportWake: CommitSignal;
  /** …and to wake a load in the same process. */
  wake: CommitSignal;
}

const OBJECTS_AT_ONCE = 8;

/**
 * Carries an export's objects to the target's staging as they are committed, and its manifest last. An object that has arrived is never carried
 * again; one that was cut off goes on with the parts that are missing.
 */
export async function runTransfer(options: TransferOptions): Promise<void> {
  const { ledger, meter } = options;
  meter.started(meter.counts.objects > 0);
  try {
    if (options.recheck || ledger.fact('transferDone') === undefined) {
      await carryHeader(options);
      await carryObjects(options);
      await carryManifest(options);
      ledger.setFact('transferDone', String(Date.now()));
      options.wake.notify();
    }
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

/** Brings what the export is of to the target, which a load needs before all else. Done again, it changes nothing. */
export async function carryHeader(
  options: Pick<TransferOptions, 'source' | 'sourceLayout' | 'target' | 'targetLayout' | 'policyHash' | 'context'>,
): Promise<void> {
  const { source, sourceLayout, target, targetLayout, policyHash, context } = options;
  const header = await readHeader(source, sourceLayout, context.signal);
  if (header === undefined)
    throw new DynaferryError('EXPORT_NOT_FOUND', `there is no export of ours at ${source.uri(sourceLayout.root)}`);
  if (header.policyHash !== policyHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the export ${source.uri(sourceLayout.root)} was made under another policy than the one in migration.yaml`,
    );
  await writeHeader(target, targetLayout, header, context.signal);
}

async function carryObjects(options: TransferOptions): Promise<void> {
  const { context, source, sourceLayout, target, targetLayout, ledger, meter, wake, policyHash } = options;
  const scope = new AbortController();
  const signal = AbortSignal.any([context.signal, scope.signal]);
  const link: Link = {
    source,
    target,
    gate: options.gate,
    memory: options.memory,
    bandwidth: options.bandwidth,
    onBytes: (bytes) => meter.add({ bytes }),
    onRetry: () => meter.add({ retries: 1 }),
    signal,
  };
  const copier = new StagedCopier(link, ledger);
  // Commits appear at the target in their order, whichever object arrives first.
  let previous: Promise<void> = Promise.resolve();
  const carry = async (commit: CommitRecord, before: Promise<void>): Promise<void> => {
    const arrived = ledger.isTransferred(commit.seq);
    if (arrived && !options.recheck) return before;
    if (commit.policyHash !== policyHash)
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `commit ${commit.seq} of ${source.uri(sourceLayout.root)} was made under another policy`,
      );
    const object =
      commit.object === null
        ? null
        : await copier.carry({ ...commit, object: commit.object }, sourceLayout, targetLayout);
    if (arrived) return before;
    await before;
    const { checkpoints: _stay, ...rest } = commit;
    await writeCommit(target, targetLayout, { ...rest, object }, signal);
    ledger.markTransferred(commit.seq, object?.items ?? 0, object?.sizeBytes ?? 0);
    wake.notify();
    if (object !== null) meter.add({ objects: 1, items: object.items });
  };
  await runPool(
    followCommits(source, sourceLayout, {
      from: options.recheck ? 1 : ledger.firstMissing('transferred'),
      wake: options.exportWake,
      signal,
    }),
    OBJECTS_AT_ONCE,
    async (commit) => {
      const done = carry(commit, previous);
      previous = done;
      await done;
    },
    scope,
  );
}

async function carryManifest(options: TransferOptions): Promise<void> {
  const { source, sourceLayout, target, targetLayout, context } = options;
  const { signal } = context;
  const manifest = await readManifest(source, sourceLayout, signal);
  const facts = manifest?.summary.dynaferry;
  if (manifest === undefined || facts === undefined)
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${source.uri(sourceLayout.manifestSummary)} is not of an export of ours`,
    );
  const arrived = new Map<string, ListedObject>();
  for await (const object of target.list(targetLayout.data(''), { signal })) arrived.set(object.key, object);
  const objects = manifest.files.map((file) => {
    const key = `data/${file.dataFileS3Key.slice(file.dataFileS3Key.lastIndexOf('/') + 1)}`;
    const there = arrived.get(targetLayout.root + key);
    if (there === undefined || file.dynaferry === undefined || there.sizeBytes !== file.dynaferry.sizeBytes)
      throw new DynaferryError(
        'OBJECT_NOT_FOUND',
        `target: ${target.uri(targetLayout.root + key)} is not there, or not whole, although it was carried`,
      );
    return { ...file.dynaferry, key, items: file.itemCount, md5Base64: file.md5Checksum, etag: there.etag };
  });
  const header = await readHeader(target, targetLayout, signal);
  const startedMs = header?.startedMs ?? 0;
  await writeManifest(
    target,
    targetLayout,
    { facts, tableArn: manifest.summary.tableArn ?? '', startedMs, finishedMs: Date.now(), objects },
    signal,
  );
}
