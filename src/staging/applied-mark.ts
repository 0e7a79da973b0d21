import { z } from 'zod';
import type { S3Bucket } from '../s3/bucket.ts';
import { findJson, replaceJson } from './json-object.ts';
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

/**
 * Replaces the mark that was read with this ETag, or writes the first one (undefined); false where somebody else has written one since. Whoever has lost the log, and whose answer or request was
 * long on its way, would otherwise take it back from whoever has gone on.
 */
export function replaceAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  mark: AppliedMark,
  etag: string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  return replaceJson(bucket, markKey(layout), mark, etag, signal);
}

/** The mark and its ETag; undefined where nothing was ever applied. Throws MANIFEST_INVALID where it cannot be read. */
export async function findAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<{ value: AppliedMark; etag: string } | undefined> {
  return findJson(bucket, markKey(layout), appliedMark, 'a mark', signal);
}

/** Undefined where nothing was ever applied. Throws MANIFEST_INVALID where it cannot be read. */
export async function readAppliedMark(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<AppliedMark | undefined> {
  return (await findAppliedMark(bucket, layout, signal))?.value;
}

function markKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/applied.json`;
}
