import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../../engine/ledger.ts';
import { runPool } from '../../engine/pool.ts';
import { StageMeter, type StageContext } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { KeySchema } from '../../model/key.ts';
import type { Policy } from '../../policy/policy.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import type { Compression } from '../../staging/compression.ts';
import { writeManifest } from '../../staging/manifest.ts';
import { Committer } from './committer.ts';
import type { ItemSource } from './item-source.ts';
import { Lane } from './lane.ts';
import type { OpenedExport } from './open-export.ts';
import { PageProcessor } from './page-processor.ts';

export interface ExportOptions {
  context: StageContext;
  source: ItemSource;
  sourceKey: KeySchema;
  policy: Policy;
  /** Of the policy as written; carried by all that is staged. */
  policyHash: string;
  /** The source's region, where items get marks of ours; undefined where they do not. */
  markedBy: string | undefined;
  bucket: S3Bucket;
  ledger: Ledger;
  opened: OpenedExport;
  meter: StageMeter;
  compression: Compression;
  objectSizeBytes: number;
  /** Segments read side by side. */
  concurrency: number;
  /** Woken at every commit, for a transfer in the same process. */
  wake: CommitSignal;
}

/** Objects that are made side by side: each holds what it gathers in memory. */
const LANES_MAX = 4;
/** An object is committed at the latest when its first page is so old, so that a crash costs little. */
const COMMIT_MS_MAX = 60_000;
/** After an interrupt, what was read is committed within this time or given up (it is read again then). */
const FLUSH_MS_MAX = 30_000;

/**
 * Reads the source through the policy into data objects in the source's staging, from the checkpoints on, and writes the manifest when all is
 * done. When it throws, everything committed so far stands, and running it again goes on behind that.
 */
export async function runExport(options: ExportOptions): Promise<void> {
  const { ledger, opened, meter } = options;
  meter.started(opened.resumed);
  try {
    if (ledger.fact('exportDone') === undefined) {
      await readAll(options);
      await finish(options);
      ledger.setFact('exportDone', String(Date.now()));
      options.wake.notify();
    }
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

async function readAll(options: ExportOptions): Promise<void> {
  const { context, source, ledger, opened, meter } = options;
  const scope = new AbortController();
  const reading = AbortSignal.any([context.signal, scope.signal]);
  const flushing = new AbortController();
  const committer = new Committer({
    bucket: options.bucket,
    layout: opened.layout,
    ledger,
    sealer: opened.sealer,
    policyHash: options.policyHash,
    compression: options.compression,
    wake: options.wake,
    signal: flushing.signal,
    onCommit: (commit) => meter.add({ objects: commit.object === null ? 0 : 1 }),
  });
  const lanes = lanesOf(options, committer);
  const processor = new PageProcessor(options.policy, options.sourceKey, opened.sealer, options.markedBy);
  const checkpoints = ledger.checkpoints();
  const pending = Array.from({ length: source.segments }, (_, segment) => segment).filter(
    (segment) => checkpoints.get(segment)?.done !== true,
  );
  let failure: unknown;
  try {
    await runPool(
      pending,
      options.concurrency,
      async (segment) => {
        const sealed = checkpoints.get(segment)?.sealed ?? null;
        const from = sealed === null ? undefined : opened.sealer.open(sealed);
        const lane = lanes[segment % lanes.length];
        for await (const page of source.pages(segment, from, reading)) {
          const outcome = processor.process(segment, page);
          meter.add({
            items: outcome.read,
            bytes: outcome.sourceBytes,
            filtered: outcome.filtered,
            deadLettered: outcome.deadLetters.length,
          });
          await lane.add(outcome);
          processor.recycle(outcome.lines);
        }
      },
      scope,
    );
  } catch (error) {
    failure = error;
    // What was read is worth keeping, but not for ever: the user waits.
    void sleep(FLUSH_MS_MAX, undefined, { ref: false }).then(() => flushing.abort());
  }
  const flushed = await Promise.allSettled(lanes.map((lane) => lane.flush()));
  if (failure !== undefined) throw failure;
  for (const outcome of flushed) if (outcome.status === 'rejected') throw outcome.reason;
}

function lanesOf({ concurrency, compression, objectSizeBytes }: ExportOptions, committer: Committer): Lane[] {
  const settings = { committer, compression, objectSizeBytes, commitMsMax: COMMIT_MS_MAX };
  const length = Math.min(LANES_MAX, availableParallelism(), concurrency);
  return Array.from({ length }, () => new Lane(settings));
}

/** Checks the sums, removes what a crash may have left under `data/`, and writes the manifest. */
async function finish(options: ExportOptions): Promise<void> {
  const { bucket, ledger, opened, policyHash, context } = options;
  const { signal } = context;
  const { layout, header } = opened;
  const totals = ledger.totals().export;
  if (totals.read !== totals.filtered + totals.items + totals.deadLettered)
    throw new DynaferryError(
      'ACCOUNTING',
      `export: ${totals.read} items read are not ${totals.filtered} filtered + ${totals.items} written + ${totals.deadLettered} dead-lettered`,
    );
  const objects = ledger.committedObjects();
  const known = new Set(objects.map((object) => layout.root + object.key));
  for await (const found of bucket.list(layout.data(''), { signal }))
    if (!known.has(found.key)) await bucket.delete(found.key, signal);
  await writeManifest(
    bucket,
    layout,
    {
      facts: {
        version: 1,
        migration: header.migration,
        policyHash,
        keySchema: header.keySchema,
        counts: {
          read: totals.read,
          filtered: totals.filtered,
          deadLettered: totals.deadLettered,
          passed: totals.read - totals.filtered,
        },
        commits: ledger.lastCommit(),
      },
      tableArn: header.source,
      startedMs: header.startedMs,
      finishedMs: Date.now(),
      objects,
    },
    signal,
  );
}
