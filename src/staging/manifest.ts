import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import type { DataObject } from './commit-log.ts';
import type { ExportLayout } from './layout.ts';

/** Facts of an export that DynamoDB's own manifests do not have; under `dynaferry` in the summary. */
const ourFacts = z.object({
  version: z.literal(1),
  migration: z.string(),
  policyHash: z.string(),
  keySchema: z.object({
    partition: z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) }),
    sort: z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) }).optional(),
  }),
  counts: z.object({ read: z.int(), filtered: z.int(), deadLettered: z.int(), passed: z.int() }),
  commits: z.int(),
});
type ExportFacts = z.infer<typeof ourFacts>;

const summarySchema = z.looseObject({
  itemCount: z.int(),
  outputFormat: z.string(),
  manifestFilesS3Key: z.string(),
  // A full export's summary may lack it.
  exportType: z.string().optional(),
  // Of a full export: what it is the state of.
  exportTime: z.string().optional(),
  // Of an incremental one.
  exportFromTime: z.string().optional(),
  exportToTime: z.string().optional(),
  outputView: z.string().optional(),
  s3Bucket: z.string().optional(),
  tableArn: z.string().optional(),
  dynaferry: ourFacts.optional(),
});
export type ManifestSummary = z.infer<typeof summarySchema>;

const fileSchema = z.looseObject({
  itemCount: z.int(),
  md5Checksum: z.string(),
  etag: z.string().optional(),
  dataFileS3Key: z.string(),
  dynaferry: z.object({ seq: z.int(), sha256: z.string(), sizeBytes: z.int(), jsonBytes: z.int() }).optional(),
});

/** One line of manifest-files.json. */
export type ManifestFile = z.infer<typeof fileSchema>;

/** What a manifest says of a data object; `key` is relative to the export's folder. */
type ManifestObject = Omit<DataObject, 'partSizeBytes' | 'partSha256'> & { seq: number };

/** What is written of an export when it is complete. */
export interface ManifestInput {
  facts: ExportFacts;
  tableArn: string;
  startedMs: number;
  finishedMs: number;
  objects: ManifestObject[];
}

/**
 * Writes the four manifest files; the summary comes last, since its existence says that the export is complete. One that exists is left as it is:
 * others may be reading it, and it was written by a run that was cut off before it could say so.
 */
export async function writeManifest(
  bucket: S3Bucket,
  layout: ExportLayout,
  input: ManifestInput,
  signal?: AbortSignal,
): Promise<void> {
  if ((await bucket.head(layout.manifestSummary, signal)) !== undefined) return;
  const files = Buffer.from(
    input.objects
      .map((object) => {
        const { seq, sha256, sizeBytes, jsonBytes } = object;
        const line: ManifestFile = {
          itemCount: object.items,
          md5Checksum: object.md5Base64,
          etag: object.etag.replaceAll('"', ''),
          dataFileS3Key: layout.root + object.key,
          dynaferry: { seq, sha256, sizeBytes, jsonBytes },
        };
        return `${JSON.stringify(line)}\n`;
      })
      .join(''),
  );
  const summary = Buffer.from(
    JSON.stringify({
      version: '2020-06-30',
      exportArn: `${input.tableArn}/export/${layout.exportId}`,
      startTime: new Date(input.startedMs).toISOString(),
      endTime: new Date(input.finishedMs).toISOString(),
      tableArn: input.tableArn,
      tableId: '',
      exportTime: new Date(input.startedMs).toISOString(),
      s3Bucket: bucket.name,
      s3Prefix: layout.root.slice(0, Math.max(0, layout.root.indexOf('AWSDynamoDB/'))).replace(/\/$/, ''),
      s3SseAlgorithm: null,
      s3SseKmsKeyId: null,
      manifestFilesS3Key: layout.manifestFiles,
      billedSizeBytes: 0,
      itemCount: input.objects.reduce((sum, object) => sum + object.items, 0),
      outputFormat: 'DYNAMODB_JSON',
      dynaferry: input.facts,
    }),
  );
  const json = { contentType: 'application/json', signal };
  const text = { contentType: 'text/plain', signal };
  await bucket.put(layout.manifestFiles, files, json);
  await bucket.put(layout.manifestFilesMd5, Buffer.from(md5Base64(files)), text);
  await bucket.put(layout.manifestSummaryMd5, Buffer.from(md5Base64(summary)), text);
  await bucket.put(layout.manifestSummary, summary, json);
}

/** A complete export's manifest. */
interface Manifest {
  summary: ManifestSummary;
  files: ManifestFile[];
}

/** The manifest of a full export, or undefined where there is none (yet). Throws MANIFEST_INVALID where it is damaged. */
export async function readManifest(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  const manifest = await readAnyManifest(bucket, layout, signal);
  if (manifest?.summary.exportType === 'INCREMENTAL_EXPORT')
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.uri(layout.root)} is an incremental export; a full one is needed`,
      {
        fix: 'Export the whole table (`aws dynamodb export-table-to-point-in-time` without an incremental type); an incremental one is for `dynaferry capture --from`.',
      },
    );
  return manifest;
}

/** The same, of whatever type the export is. */
export async function readAnyManifest(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  const summaryObject = await bucket.find(layout.manifestSummary, signal);
  if (summaryObject === undefined) return undefined;
  await checkMd5(bucket, layout.manifestSummary, summaryObject.body, layout.manifestSummaryMd5, signal);
  const summary = parse(bucket, layout.manifestSummary, () =>
    summarySchema.parse(JSON.parse(summaryObject.body.toString('utf8'))),
  );
  if (summary.outputFormat !== 'DYNAMODB_JSON')
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.uri(layout.manifestSummary)} is of an export in ${summary.outputFormat}; only DYNAMODB_JSON can be read`,
      {
        fix: 'Export the table again with the format DYNAMODB_JSON.',
      },
    );
  const filesObject = await bucket.find(layout.manifestFiles, signal);
  if (filesObject === undefined)
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.uri(layout.manifestFiles)} is missing, although the export's summary exists`,
    );
  await checkMd5(bucket, layout.manifestFiles, filesObject.body, layout.manifestFilesMd5, signal);
  const lines = filesObject.body
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const files = lines.map((line) => parse(bucket, layout.manifestFiles, () => fileSchema.parse(JSON.parse(line))));
  return { summary, files };
}

/**
 * The key under which a manifest's file lies here. It counts from the bucket's root; an export that was copied to another
 * prefix keeps its old keys, so the last two steps of it (`data/…`) are looked for beside the manifest.
 */
export function dataKey(layout: ExportLayout, file: ManifestFile): string {
  const { dataFileS3Key } = file;
  return dataFileS3Key.startsWith(layout.root)
    ? dataFileS3Key
    : layout.data(dataFileS3Key.slice(dataFileS3Key.lastIndexOf('/') + 1));
}

async function checkMd5(
  bucket: S3Bucket,
  key: string,
  body: Buffer,
  md5Key: string,
  signal?: AbortSignal,
): Promise<void> {
  const expected = await bucket.find(md5Key, signal);
  if (expected !== undefined && expected.body.toString('utf8').trim() !== md5Base64(body))
    throw new DynaferryError('MANIFEST_INVALID', `${bucket.uri(key)} does not agree with ${bucket.uri(md5Key)}`);
}

function parse<T>(bucket: S3Bucket, key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DynaferryError('MANIFEST_INVALID', `${bucket.uri(key)} is not a manifest of a DynamoDB export`, {
      cause: error,
    });
  }
}

function md5Base64(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
