import type { Ledger } from '../../engine/ledger.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { ListedObject } from '../../s3/object-info.ts';
import { followCommits, writeCommit, type CommitRecord, type CommitSignal } from '../../staging/commit-log.ts';
import { readHeader, writeHeader } from '../../staging/header.ts';
import { readManifest, writeManifest } from '../../staging/manifest.ts';
import { CommitCarrier, type CarrierOptions } from './commit-carrier.ts';

export interface TransferOptions extends CarrierOptions {
  ledger: Ledger;
  /** Ask the target of every object that the ledger knows to have arrived whether it is still there, and carry it again where not. */
  recheck: boolean;
  /** Notified by an export in the same process. */
  exportWake: CommitSignal;
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
  const { source, sourceLayout, target, targetLayout, ledger, recheck, exportWake } = options;
  const carrier = new CommitCarrier<CommitRecord>(options, {
    objectsAtOnce: OBJECTS_AT_ONCE,
    uploads: ledger,
    due: ({ seq }) => {
      if (!ledger.isTransferred(seq)) return 'all';
      return recheck ? 'object' : 'nothing';
    },
    write: ({ checkpoints: _stay, ...rest }, signal) => writeCommit(target, targetLayout, rest, signal),
    record: ({ seq, object }) => ledger.markTransferred(seq, object?.items ?? 0, object?.sizeBytes ?? 0),
  });
  const from = recheck ? 1 : ledger.firstMissing('transferred');
  await carrier.carryAll(followCommits(source, sourceLayout, { from, wake: exportWake, signal: carrier.signal }));
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
