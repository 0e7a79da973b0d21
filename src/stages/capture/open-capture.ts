import { isDeepStrictEqual } from 'node:util';
import type { ChangeLedger } from '../../engine/change-ledger.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import {
  CAPTURE_ANEW,
  changeLayout,
  conflictText,
  findState,
  OTHER_POLICY,
  readChangeHeader,
  readChangesFrom,
  writeChangeHeader,
  type ChangeHeader,
} from '../../staging/change-log.ts';
import { checkConditions } from '../../staging/check-conditions.ts';
import { newExportId, type ExportLayout } from '../../staging/layout.ts';
import { Sealer } from '../../staging/seal.ts';

/** A capture that is begun or gone on with. */
export interface OpenedCapture {
  layout: ExportLayout;
  header: ChangeHeader;
  /** Seals the keys of dead letters. */
  sealer: Sealer;
  /** Whether an earlier run had begun it. */
  resumed: boolean;
}

export interface OpenCaptureOptions {
  bucket: S3Bucket;
  /** The migration's prefix in the bucket. */
  prefix: string;
  ledger: ChangeLedger;
  /** What a new change log's header says. */
  header: Omit<ChangeHeader, 'version' | 'startedMs'>;
  /** From when on changes are in a new change log; now where absent. */
  startedMs?: number;
  /** The change log to go on with; a new one is begun where absent. */
  captureId: string | undefined;
  nowMs: number;
  signal: AbortSignal;
}

/**
 * Begins a change log, or goes on with one. Commits that the ledger lacks are taken over from staging: another machine may have made them. Throws POLICY_MISMATCH
 * where it is of another table or was begun under another policy, STREAM_GAP where it is of another stream, and
 * CONDITIONS_IGNORED where the bucket of a new one does not keep two writers apart.
 */
export async function openCapture(options: OpenCaptureOptions): Promise<OpenedCapture> {
  const { bucket, prefix, ledger, captureId, signal } = options;
  if (captureId === undefined) return beginCapture(options);
  const layout = changeLayout(prefix, captureId);
  const header = await readChangeHeader(bucket, layout, signal);
  if (header === undefined)
    throw new DynaferryError('OBJECT_NOT_FOUND', `source: the change log ${bucket.uri(layout.root)} is gone`, {
      fix: CAPTURE_ANEW,
    });
  checkHeader(header, options.header, bucket.uri(layout.root));
  const sealer = await openSealer(bucket, layout, signal);
  ledger.follow(captureId);
  const known = await findState(bucket, layout, ledger.last('captured'), signal);
  if (known?.state !== undefined) ledger.restoreCaptured(known, known.state);
  for await (const commit of readChangesFrom(bucket, layout, ledger.last('captured') + 1, signal))
    ledger.recordCaptured(commit);
  return { layout, header, sealer, resumed: true };
}

async function beginCapture(options: OpenCaptureOptions): Promise<OpenedCapture> {
  const { bucket, prefix, ledger, signal, nowMs } = options;
  const captureId = newExportId(nowMs);
  const layout = changeLayout(prefix, captureId);
  const header: ChangeHeader = { version: 1, startedMs: options.startedMs ?? nowMs, ...options.header };
  const key = Sealer.newKey();
  ledger.clear();
  await bucket.put(layout.sealKey, key, { signal });
  // Before the header makes a log of it that others may go on with.
  await checkConditions(bucket, layout.sealKey, key, signal);
  await writeChangeHeader(bucket, layout, header, signal);
  ledger.follow(captureId);
  return { layout, header, sealer: new Sealer(key), resumed: false };
}

function checkHeader(found: ChangeHeader, wanted: OpenCaptureOptions['header'], uri: string): void {
  if (tableOf(found.source) !== tableOf(wanted.source))
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the change log ${uri} is of ${tableOf(found.source)}, not of ${tableOf(wanted.source)}`,
      { fix: `Give the migration another name. Or where this one is to take the other's place: ${CAPTURE_ANEW}` },
    );
  if (found.source !== wanted.source)
    throw new DynaferryError(
      'STREAM_GAP',
      `source: the change log ${uri} is of ${found.source}, and what is to be captured is of ${wanted.source}: what changed between them is not known`,
    );
  if (found.policyHash !== wanted.policyHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the change log ${uri} was begun under another policy than the one in migration.yaml`,
      { fix: OTHER_POLICY },
    );
  if (!isDeepStrictEqual(found.conflict, wanted.conflict))
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the change log ${uri} was begun with replicate.conflict: ${conflictText(found.conflict)}, and migration.yaml has ${conflictText(wanted.conflict)}`,
      { fix: `${CAPTURE_ANEW} Or restore replicate.conflict.` },
    );
  if (found.policyEffectHash !== wanted.policyEffectHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the change log ${uri} was begun with other keys or functions in its rules`,
      { fix: `${CAPTURE_ANEW} Or use the keys and function files that it was begun with.` },
    );
}

/** The ARN of a stream's table. */
function tableOf(source: string): string {
  return source.replace(/\/stream\/.*$/s, '');
}

async function openSealer(bucket: S3Bucket, layout: ExportLayout, signal: AbortSignal): Promise<Sealer> {
  const key = await bucket.find(layout.sealKey, signal);
  if (key?.body.length !== 32)
    throw new DynaferryError('OBJECT_NOT_FOUND', `${bucket.uri(layout.sealKey)} is missing or damaged`, {
      fix: CAPTURE_ANEW,
    });
  return new Sealer(key.body);
}
