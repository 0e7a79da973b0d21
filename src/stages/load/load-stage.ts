import type { ItemPutter, PutCondition } from '../../dynamodb/put-items.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import { Semaphore } from '../../engine/semaphore.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { KeySchema } from '../../model/key.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { CommitSignal, followCommits } from '../../staging/commit-log.ts';
import { readHeader } from '../../staging/header.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { dataKey, readManifest } from '../../staging/manifest.ts';
import { ObjectLoader, type LoadTask } from './object-loader.ts';

export interface LoadOptions {
  context: StageContext;
  bucket: S3Bucket;
  layout: ExportLayout;
  /** What the data must have been made under. */
  policyHash: string;
  /** Whether the policy keeps everything as it is: then a native export, which was made under none, may be loaded. */
  policyIsEmpty: boolean;
  ledger: Ledger;
  meter: StageMeter;
  putter: ItemPutter;
  key: KeySchema;
  condition: PutCondition | undefined;
  pacer: Pacer;
  /** Requests to DynamoDB under way at once. */
  concurrency: number;
  /** Notified by a transfer in the same process. */
  wake: CommitSignal;
}

/** Objects read side by side: while one is fetched and checked, others keep the table busy. */
const OBJECTS_AT_ONCE = 3;
/** Of a commit without an object. */
const NOTHING_TO_LOAD = { linesDone: 0, finished: true, written: 0, skipped: 0, deadLettered: 0 };

/** Loads an export's objects into the table as they arrive in the target's staging. What the ledger knows to be loaded is not loaded again. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { context, bucket, layout, ledger, meter } = options;
  const scope = new AbortController();
  const signal = AbortSignal.any([context.signal, scope.signal]);
  meter.started(meter.counts.items > 0);
  try {
    const requests = new Semaphore(options.concurrency);
    await runPool(
      loadTasks(options, signal),
      OBJECTS_AT_ONCE,
      async (task) => {
        if (ledger.loaded(task.seq)?.finished === true) return;
        const { putter, key, condition, pacer } = options;
        await new ObjectLoader(
          { bucket, layout, ledger, meter, putter, key, condition, pacer, requests, signal },
          task,
        ).load();
        meter.add({ objects: 1, bytes: task.sizeBytes });
      },
      scope,
    );
    ledger.setFact('loadDone', String(Date.now()));
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

/** Our own exports are followed commit by commit; a native one has a manifest and nothing else. */
async function* loadTasks(options: LoadOptions, signal: AbortSignal): AsyncGenerator<LoadTask> {
  const { bucket, layout, policyHash } = options;
  const header = await readHeader(bucket, layout, signal);
  if (header === undefined) {
    yield* nativeTasks(options, signal);
    return;
  }
  const refuse = (what: string): never => {
    throw new DynaferryError('POLICY_MISMATCH', `${what} was made under another policy than the one in migration.yaml`);
  };
  if (header.policyHash !== policyHash) refuse(bucket.uri(layout.root));
  for await (const commit of followCommits(bucket, layout, {
    from: options.ledger.firstMissing('loaded'),
    wake: options.wake,
    signal,
  })) {
    if (commit.policyHash !== policyHash) refuse(`commit ${commit.seq} of ${bucket.uri(layout.root)}`);
    const { object, seq } = commit;
    if (object === null) {
      options.ledger.setLoaded(seq, { items: 0, bytes: 0 }, NOTHING_TO_LOAD);
      continue;
    }
    const expected = { key: layout.root + object.key, md5Base64: object.md5Base64, sha256: object.sha256 };
    yield { seq, expected, items: object.items, sizeBytes: object.sizeBytes };
  }
}

async function* nativeTasks(options: LoadOptions, signal: AbortSignal): AsyncGenerator<LoadTask> {
  const { bucket, layout, policyIsEmpty } = options;
  const manifest = await readManifest(bucket, layout, signal);
  if (manifest === undefined)
    throw new DynaferryError('EXPORT_NOT_FOUND', `there is no export at ${bucket.uri(layout.root)}`);
  if (!policyIsEmpty)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `${bucket.uri(layout.root)} was made by DynamoDB itself, under no policy, and the migration has one`,
      {
        fix: 'Give it as `source.export`, so that the policy is applied before anything is loaded.',
      },
    );
  for (const [index, file] of manifest.files.entries()) {
    if (file.itemCount === 0) continue;
    const key = dataKey(layout, file);
    yield {
      seq: index + 1,
      expected: { key, md5Base64: file.md5Checksum },
      items: file.itemCount,
      sizeBytes: file.dynaferry?.sizeBytes ?? 0,
    };
  }
}
