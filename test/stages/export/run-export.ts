import { zstdDecompressSync } from 'node:zlib';
import { Ledger } from '../../../src/engine/ledger.ts';
import { StageMeter, type StageContext } from '../../../src/engine/stage-context.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { runExport } from '../../../src/stages/export/export-stage.ts';
import type { ItemSource } from '../../../src/stages/export/item-source.ts';
import { openExport } from '../../../src/stages/export/open-export.ts';
import { CommitSignal, followCommits, type CommitRecord } from '../../../src/staging/commit-log.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import type { S3Bucket } from '../../../src/s3/bucket.ts';

export const PREFIX = 'p/';
export const key = { partition: { name: 'PK', type: 'S' as const } };

export function contextOf(signal = new AbortController().signal): StageContext {
  return { migration: 'm', signal, onEvent: () => undefined };
}

/** One run of the export, from where the ledger and the bucket say that it stands. */
export async function exportOnce(options: {
  bucket: S3Bucket;
  folder: string;
  source: ItemSource;
  policy: Policy;
  objectSizeBytes?: number;
  signal?: AbortSignal;
}): Promise<ExportLayout> {
  const { bucket, folder, source, policy, objectSizeBytes = 0 } = options;
  const context = contextOf(options.signal);
  const ledger = Ledger.open(folder);
  try {
    const opened = await openExport({
      bucket,
      prefix: PREFIX,
      ledger,
      header: {
        migration: 'm',
        policyHash: policy.hash,
        policyEffectHash: policy.hash,
        source: 'arn:aws:dynamodb:us-west-2:1:table/t',
        keySchema: key,
        totalSegments: source.segments,
      },
      nowMs: Date.now(),
      signal: context.signal,
    });
    await runExport({
      context,
      source,
      sourceKey: key,
      policy,
      policyHash: policy.hash,
      markedBy: undefined,
      bucket,
      ledger,
      opened,
      meter: new StageMeter(context, 'export'),
      compression: 'zstd',
      objectSizeBytes,
      concurrency: 3,
      wake: new CommitSignal(),
    });
    return opened.layout;
  } finally {
    ledger.close();
  }
}

/** All that a complete export holds, by its commits. */
export async function readExport(
  bucket: S3Bucket,
  layout: ExportLayout,
): Promise<{ commits: CommitRecord[]; items: string[] }> {
  const commits: CommitRecord[] = [];
  const items: string[] = [];
  for await (const commit of followCommits(bucket, layout)) {
    commits.push(commit);
    if (commit.object === null) continue;
    const { body } = await bucket.get(layout.root + commit.object.key);
    const lines = zstdDecompressSync(body).toString().split('\n').slice(0, -1);
    if (lines.length !== commit.object.items) throw new Error(`commit ${commit.seq} miscounts its items`);
    items.push(...lines.map((line) => line.slice('{"Item":'.length, -1)));
  }
  return { commits, items };
}
