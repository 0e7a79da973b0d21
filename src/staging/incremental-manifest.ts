import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import type { ExportLayout } from './layout.ts';
import { readAnyManifest, type ManifestFile } from './manifest.ts';

/** What an incremental export by DynamoDB is of. */
export interface IncrementalManifest {
  /** The export's id: the name of its folder. */
  id: string;
  tableArn: string;
  /** The time that it is of, in milliseconds since 1970: from the first moment on, up to the second, which is not in it. */
  fromMs: number;
  toMs: number;
  /** Whether items are told as they were before, too. */
  hasBothImages: boolean;
  files: ManifestFile[];
}

/** Throws EXPORT_NOT_FOUND where there is no finished export, MANIFEST_INVALID where it is no incremental one. */
export async function readIncrementalManifest(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<IncrementalManifest> {
  const manifest = await readAnyManifest(bucket, layout, signal);
  if (manifest === undefined)
    throw new DynaferryError(
      'EXPORT_NOT_FOUND',
      `there is no export at ${bucket.uri(layout.root)}: manifest-summary.json is missing`,
    );
  const { summary, files } = manifest;
  const { exportType, exportFromTime, exportToTime, outputView, tableArn } = summary;
  const [fromMs, toMs] = [Date.parse(exportFromTime ?? ''), Date.parse(exportToTime ?? '')];
  if (exportType !== 'INCREMENTAL_EXPORT' || !(fromMs < toMs) || tableArn === undefined)
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.uri(layout.root)} is not an incremental export of a time of a table`,
      {
        fix: 'Give the folder of an export that was made with --export-type INCREMENTAL_EXPORT; a full one is source.export in migration.yaml.',
      },
    );
  return { id: layout.exportId, tableArn, fromMs, toMs, hasBothImages: outputView === 'NEW_AND_OLD_IMAGES', files };
}

/** Where a file of an incremental export lies: all exports below one prefix share the folder `data/` beside their own. Of one that was copied elsewhere the manifest says the old place. */
export function incrementalDataKey(layout: ExportLayout, { dataFileS3Key }: ManifestFile): string {
  const beside = layout.root.slice(0, layout.root.lastIndexOf('/', layout.root.length - 2) + 1);
  if (dataFileS3Key.startsWith(beside)) return dataFileS3Key;
  return `${beside}data/${dataFileS3Key.slice(dataFileS3Key.lastIndexOf('/') + 1)}`;
}
