import { setTimeout as sleep } from 'node:timers/promises';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { newestOfOurs } from '../stages/export/open-export.ts';
import { readAppliedMark } from '../staging/applied-mark.ts';
import { changeLayout, findCapture, type ChangeHeader } from '../staging/change-log.ts';
import { readHeader, type ExportHeader } from '../staging/header.ts';
import { ExportLayout } from '../staging/layout.ts';
import { isLoaded } from '../staging/loaded-mark.ts';
import type { Workspace } from './workspace.ts';

/** How often it is looked whether a load by another process has come to its end. */
const LOOK_MS = 3000;

/**
 * Throws EXPORT_TOO_OLD unless the capture of changes began before the export did, or, where the changes are those of incremental exports, unless the export is of
 * the very second with which they begin: docs/replication.md.
 */
export function checkCaptureFirst(
  exported: Pick<ExportHeader, 'startedMs' | 'asOfMs'>,
  changes: Pick<ChangeHeader, 'startedMs' | 'isOfExports'>,
): void {
  const at = (ms: number): string => new Date(ms).toISOString();
  const asOfMs = exported.asOfMs ?? exported.startedMs;
  if (changes.isOfExports === true) {
    // Export times are whole seconds, whatever a manifest says beyond them.
    if (exported.asOfMs !== undefined && secondOf(asOfMs) === secondOf(changes.startedMs)) return;
    throw new DynaferryError(
      'EXPORT_TOO_OLD',
      `incremental exports go on from ${at(changes.startedMs)}, and what is loaded before is ${exported.asOfMs === undefined ? 'a scan of the table, which is of no single moment' : `the table at ${at(asOfMs)}`}`,
      {
        fix: 'Load a full export by DynamoDB of exactly that time (source.export), or capture incremental exports from its time on. Where the target holds what the table held then, apply with --without-load.',
      },
    );
  }
  if (changes.startedMs <= asOfMs) return;
  throw new DynaferryError(
    'EXPORT_TOO_OLD',
    `the export is of ${at(asOfMs)}, the capture of changes was begun only at ${at(changes.startedMs)}`,
  );
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}

/**
 * Resolves when the newest export in the target's staging is in the table, which may be another process's to do; also where applying this log was begun before and no export
 * has begun since. Where `waits` is false it throws LOAD_FIRST instead of waiting. Throws EXPORT_TOO_OLD where the export does not lie behind the beginning of the capture.
 */
export async function untilLoaded(
  workspace: Workspace,
  layout: ExportLayout,
  changes: ChangeHeader,
  waits: boolean,
): Promise<void> {
  const { migration, signal, onEvent } = workspace.options.context;
  const bucket = await workspace.targetBucket();
  const mark = await readAppliedMark(bucket, layout, signal);
  for (let looks = 0; ; looks++) {
    const found = await newestAtTarget(workspace, bucket);
    if (mark !== undefined && mark.writtenMs >= (found?.header.startedMs ?? 0)) return;
    if (found !== undefined) checkCaptureFirst(found.header, changes);
    if (found?.isLoaded === true) return;
    const message =
      found === undefined
        ? `no export has arrived at ${bucket.uri(workspace.prefix('target'))} yet`
        : `the export ${bucket.uri(found.layout.root)} is not loaded to its end yet`;
    if (!waits) throw new DynaferryError('LOAD_FIRST', message);
    if (looks === 0)
      onEvent({
        type: 'notice',
        migration,
        stage: 'apply',
        level: 'info',
        message: `waiting: ${message}${found === undefined ? ' (where none is to come: --without-load)' : ''}`,
      });
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function newestAtTarget(
  workspace: Workspace,
  bucket: S3Bucket,
): Promise<{ layout: ExportLayout; header: ExportHeader; isLoaded: boolean } | undefined> {
  const { signal } = workspace.options.context;
  const prefix = workspace.prefix('target');
  const exportId = await newestOfOurs(bucket, prefix, signal);
  if (exportId === undefined) return undefined;
  const layout = ExportLayout.of(prefix, exportId);
  const header = await readHeader(bucket, layout, signal);
  return header && { layout, header, isLoaded: await isLoaded(bucket, layout, signal) };
}

/** Throws LOAD_TOO_LATE where changes were applied since the export began; false where there are none, and items that were refused may be loaded again. */
export async function changesWereApplied(
  workspace: Workspace,
  bucket: S3Bucket,
  layout: ExportLayout,
): Promise<boolean> {
  const { signal } = workspace.options.context;
  const prefix = workspace.prefix('target');
  const captureId = await findCapture(bucket, prefix, signal);
  const mark =
    captureId === undefined ? undefined : await readAppliedMark(bucket, changeLayout(prefix, captureId), signal);
  const header = await readHeader(bucket, layout, signal);
  if (mark === undefined || header === undefined || mark.writtenMs < header.startedMs) return false;
  if (workspace.ledger.fact('loadDone') !== undefined || (await isLoaded(bucket, layout, signal))) return true;
  throw new DynaferryError(
    'LOAD_TOO_LATE',
    `changes were applied at ${new Date(mark.writtenMs).toISOString()}, and the export ${bucket.uri(layout.root)} began at ${new Date(header.startedMs).toISOString()}`,
  );
}
