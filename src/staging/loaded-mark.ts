import type { S3Bucket } from '../s3/bucket.ts';
import { writeJson } from './json-object.ts';
import type { ExportLayout } from './layout.ts';

/** Says in the target's staging that all of an export is in the table, so that whoever applies changes knows that they may come, on whichever machine. */
export async function writeLoadedMark(bucket: S3Bucket, layout: ExportLayout, signal?: AbortSignal): Promise<void> {
  await writeJson(bucket, markKey(layout), { version: 1, loadedMs: Date.now() }, signal);
}

export async function isLoaded(bucket: S3Bucket, layout: ExportLayout, signal?: AbortSignal): Promise<boolean> {
  return (await bucket.head(markKey(layout), signal)) !== undefined;
}

function markKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/loaded.json`;
}
