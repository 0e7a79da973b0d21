import { DynaferryError } from '../../model/errors.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { readCommitsFrom, type CommitRecord } from '../../staging/commit-log.ts';
import { ExportLayout, exportsPrefix, newExportId } from '../../staging/layout.ts';
import { readHeader, writeHeader, type ExportHeader } from '../../staging/header.ts';
import { Sealer } from '../../staging/seal.ts';

/** An export that is begun or gone on with. */
export interface OpenedExport {
  layout: ExportLayout;
  header: ExportHeader;
  sealer: Sealer;
  /** Whether an earlier run had begun it. */
  resumed: boolean;
}

export interface OpenExportOptions {
  bucket: S3Bucket;
  /** The migration's prefix in the bucket. */
  prefix: string;
  ledger: Ledger;
  /** What a new export's header says. */
  header: Omit<ExportHeader, 'version' | 'startedMs'>;
  nowMs: number;
  signal: AbortSignal;
}

/**
 * Finds the export to go on with: the ledger's, else the newest in staging (this may be another machine than the one that began it), else a new one. Commits that
 * the ledger lacks are taken over from staging. Throws POLICY_MISMATCH where the export was begun under another policy.
 */
export async function openExport(options: OpenExportOptions): Promise<OpenedExport> {
  const { bucket, prefix, ledger, signal } = options;
  const exportId =
    ledger.fact('exportId') ?? (await newestOfOurs(bucket, prefix, signal)) ?? newExportId(options.nowMs);
  const layout = ExportLayout.of(prefix, exportId);
  const header = await readHeader(bucket, layout, signal);
  if (header === undefined) return beginExport(options, layout);
  if (header.policyHash !== options.header.policyHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the export ${bucket.uri(layout.root)} was begun under another policy than the one in migration.yaml`,
      {
        fix: 'Run with --restart to export anew under this policy, or restore the policy.',
      },
    );
  if (header.policyEffectHash !== options.header.policyEffectHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the export ${bucket.uri(layout.root)} was begun with other keys or functions in its rules`,
      {
        fix: 'Use the keys and function files that it was begun with, or run with --restart to export anew.',
      },
    );
  if (header.source !== options.header.source)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `the export ${bucket.uri(layout.root)} is of ${header.source}, not of ${options.header.source}`,
      {
        fix: 'Give the migration another name, or run with --restart to export anew.',
      },
    );
  const sealer = await openSealer(bucket, layout, signal);
  ledger.setFact('exportId', exportId);
  await adoptCommits(bucket, layout, ledger, signal);
  return { layout, header, sealer, resumed: true };
}

async function beginExport(options: OpenExportOptions, layout: ExportLayout): Promise<OpenedExport> {
  const { bucket, ledger, signal, nowMs } = options;
  const header: ExportHeader = { version: 1, startedMs: nowMs, ...options.header };
  const key = Sealer.newKey();
  await bucket.put(layout.sealKey, key, { signal });
  await writeHeader(bucket, layout, header, signal);
  ledger.setFact('exportId', layout.exportId);
  return { layout, header, sealer: new Sealer(key), resumed: false };
}

/** The id of the newest export below the prefix, whoever made it; undefined where there is none. */
export async function newestExport(bucket: S3Bucket, prefix: string, signal: AbortSignal): Promise<string | undefined> {
  return (await exportsFound(bucket, prefix, signal)).at(-1);
}

/** The same of those that have our header. An export of DynamoDB's own may lie beside them, and nothing of ours may be put into it. */
export async function newestOfOurs(bucket: S3Bucket, prefix: string, signal: AbortSignal): Promise<string | undefined> {
  for (const exportId of (await exportsFound(bucket, prefix, signal)).toReversed()) {
    const header = await bucket.head(ExportLayout.of(prefix, exportId).header, signal);
    if (header !== undefined) return exportId;
  }
  return undefined;
}

/** Ids of all exports below the prefix, the oldest first. */
async function exportsFound(bucket: S3Bucket, prefix: string, signal: AbortSignal): Promise<string[]> {
  const folders = await bucket.listFolders(exportsPrefix(prefix), signal);
  // DynamoDB's incremental exports keep their data in one folder beside those of their manifests.
  return folders.filter((name) => name !== 'data').sort();
}

async function openSealer(bucket: S3Bucket, layout: ExportLayout, signal: AbortSignal): Promise<Sealer> {
  const key = await bucket.find(layout.sealKey, signal);
  if (key?.body.length !== 32)
    throw new DynaferryError(
      'EXPORT_NOT_FOUND',
      `${bucket.uri(layout.sealKey)} is missing or damaged: the export cannot be gone on with`,
      {
        fix: 'Run with --restart to export anew.',
      },
    );
  return new Sealer(key.body);
}

async function adoptCommits(
  bucket: S3Bucket,
  layout: ExportLayout,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  for await (const commit of readCommitsFrom(bucket, layout, ledger.lastCommit() + 1, signal))
    recordCommit(ledger, commit);
}

/** Puts a commit that is durable in staging into the ledger. */
export function recordCommit(ledger: Ledger, commit: CommitRecord): void {
  const { counts, object, checkpoints = [] } = commit;
  ledger.commit(
    commit.seq,
    { items: object?.items ?? 0, bytes: object?.sizeBytes ?? 0, ...counts },
    object,
    checkpoints,
  );
}
