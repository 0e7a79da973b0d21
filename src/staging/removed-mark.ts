import { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
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
  const key = markKey(layout);
  const found = await bucket.find(key, signal);
  if (found === undefined) return 0;
  try {
    return removedMark.parse(JSON.parse(found.body.toString('utf8'))).through;
  } catch (error) {
    throw new DynaferryError('MANIFEST_INVALID', `${bucket.uri(key)} cannot be read by this version`, { cause: error });
  }
}

/** To be written before the first of these commits is removed. */
export async function writeRemovedThrough(
  bucket: S3Bucket,
  layout: ExportLayout,
  through: number,
  signal?: AbortSignal,
): Promise<void> {
  const body = Buffer.from(`${JSON.stringify({ version: 1, through })}\n`);
  await bucket.put(markKey(layout), body, { contentType: 'application/json', signal });
}

function markKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/removed.json`;
}
