import { z } from 'zod';
import type { S3Bucket } from '../s3/bucket.ts';
import { createJson, readJson, writeJson } from './json-object.ts';
import type { ExportLayout } from './layout.ts';

const count = z.int().nonnegative();

const appliedMark = z.object({
  version: z.literal(1),
  /** Who applies: made anew by every process, so that one can tell that another has taken over. */
  by: z.string(),
  /** The last commit of which everything is at the target or dead-lettered, and sums up to it. */
  seq: count,
  objects: count,
  bytes: count,
  puts: count,
  deletes: count,
  superseded: z.int(),
  deadLettered: count,
  newestMicros: count.optional(),
  throughMs: count,
  /** When this was written. */
  writtenMs: count,
  /** That whoever it was has stopped by itself, and writes no more. */
  released: z.literal(true).optional(),
});

/**
 * How far a change log is applied, as the target's staging keeps it for another machine. It may lie some seconds behind what is done, and never before. That
 * it exists says that applying has begun.
 */
export type AppliedMark = z.infer<typeof appliedMark>;

export async function writeAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  mark: AppliedMark,
  signal?: AbortSignal,
): Promise<void> {
  await writeJson(bucket, markKey(layout), mark, signal);
}

/** Writes the first mark of a log; false where there is one already. */
export function createAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  mark: AppliedMark,
  signal?: AbortSignal,
): Promise<boolean> {
  return createJson(bucket, markKey(layout), mark, signal);
}

/** Undefined where nothing was ever applied. Throws MANIFEST_INVALID where it cannot be read. */
export async function readAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<AppliedMark | undefined> {
  return readJson(bucket, markKey(layout), appliedMark, 'a mark', signal);
}

function markKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/applied.json`;
}
