import { DynaferryError } from '../../model/errors.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { readIncrementalManifest, type IncrementalManifest } from '../../staging/incremental-manifest.ts';
import type { ExportLayout } from '../../staging/layout.ts';

/** An incremental export, and where it lies. */
export interface IncrementalExport extends IncrementalManifest {
  bucket: S3Bucket;
  layout: ExportLayout;
}

/**
 * Opens exports in the order of the times that they are of. Throws USAGE where they are of different tables, STREAM_GAP where one does not begin where the one before
 * ends: what was changed between is in neither, and of what is in both nobody could tell which items an earlier change had brought to the target.
 */
export async function openIncrementalExports(
  places: readonly { bucket: S3Bucket; layout: ExportLayout }[],
  signal: AbortSignal,
): Promise<IncrementalExport[]> {
  const found = await Promise.all(
    places.map(async (place) => ({ ...place, ...(await readIncrementalManifest(place.bucket, place.layout, signal)) })),
  );
  const exports = found.sort((a, b) => a.fromMs - b.fromMs);
  for (const [index, one] of exports.entries()) {
    const before = exports[index - 1] as IncrementalExport | undefined;
    if (before === undefined) continue;
    if (one.tableArn !== before.tableArn)
      throw new DynaferryError('USAGE', `the exports are of different tables: ${before.tableArn} and ${one.tableArn}`, {
        fix: 'Give exports of one table.',
      });
    checkChain(before.toMs, one);
  }
  return exports;
}

/** Throws STREAM_GAP unless the export begins at that moment. */
export function checkChain(throughMs: number, { bucket, layout, fromMs, tableArn }: IncrementalExport): void {
  if (fromMs === throughMs) return;
  const [from, through] = [fromMs, throughMs].map((ms) => new Date(ms).toISOString());
  const wrong = fromMs > throughMs ? 'what was changed between is not known' : 'they overlap';
  throw new DynaferryError(
    'STREAM_GAP',
    `source: the export ${bucket.uri(layout.root)} begins at ${from}, and what was captured before ends at ${through}: ${wrong}`,
    {
      fix: `Export the table from that moment on: aws dynamodb export-table-to-point-in-time --table-arn ${tableArn} --s3-bucket ${bucket.name} --export-type INCREMENTAL_EXPORT --incremental-export-specification ExportFromTime=${through},ExportViewType=NEW_AND_OLD_IMAGES`,
    },
  );
}
