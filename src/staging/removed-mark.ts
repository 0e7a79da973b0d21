import { z } from 'zod';
import type { S3Bucket } from '../s3/bucket.ts';
import { readJson, writeJson } from './json-object.ts';
import type { ExportLayout } from './layout.ts';

const removedMark = z.object({
  version: z.literal(1),
  /** Commits up to this number, and their objects, may be gone; the next one is there. */
  through: z.int().nonnegative(),
});

/** Up to which commit a change log is removed, since it was applied; 0 where nothing is. Throws MANIFEST_INVALID where that cannot be read. */
export async function readRemovedThrough(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<number> {
  return (await readJson(bucket, markKey(layout), removedMark, 'a mark', signal))?.through ?? 0;
}

/** To be written before the first of these commits is removed. */
export async function writeRemovedThrough(
  bucket: S3Bucket,
  layout: ExportLayout,
  through: number,
  signal?: AbortSignal,
): Promise<void> {
  await writeJson(bucket, markKey(layout), { version: 1, through }, signal);
}

function markKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/removed.json`;
}
