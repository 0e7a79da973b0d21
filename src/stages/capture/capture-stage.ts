import type { ChangeLedger } from '../../engine/change-ledger.ts';
import { LagReporter } from '../../engine/lag-reporter.ts';
import { systemClock } from '../../engine/pacer.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import type { StreamsClient } from '../../dynamodb/streams.ts';
import type { Judge } from '../../conflict/judge.ts';
import type { Merge } from '../../conflict/merge.ts';
import type { KeySchema } from '../../model/key.ts';
import type { Policy } from '../../policy/policy.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { CommitSignal } from '../../staging/commit-log.ts';
import type { Compression } from '../../staging/compression.ts';
import { ChangeCommitter } from './change-committer.ts';
import { ChangeLane } from './change-lane.ts';
import { ChangeProcessor, type DeleteSettings } from './change-processor.ts';
import type { OpenedCapture } from './open-capture.ts';
import { Settler } from './settler.ts';
import { ShardTree } from './shard-tree.ts';
import { StreamReading } from './stream-reading.ts';

export interface CaptureOptions {
  context: StageContext;
  client: StreamsClient;
  policy: Policy;
  /** Of the policy as written; carried by all that is staged. */
  policyHash: string;
  settings: DeleteSettings;
  /** Where changes go both ways. */
  conflicts: CaptureConflicts | undefined;
  bucket: S3Bucket;
  ledger: ChangeLedger;
  opened: OpenedCapture;
  meter: StageMeter;
  compression: Compression;
  /** Woken at every commit, for a transfer in the same process. */
  wake: CommitSignal;
  /** End when all changes that were made before then (milliseconds since 1970) are in the change log; never where absent. */
  untilMs: number | undefined;
}

/** What a capture needs where changes go both ways. */
export interface CaptureConflicts {
  judge: Judge;
  /** Of the source's own table. */
  merge: Merge;
  /** The source table's key. */
  key: KeySchema;
}

/**
 * Changes are taken from so long before the capture began: our clock may differ from the service's by the 15 minutes that AWS accepts, and a change that is
 * carried over although the export has it does no harm, since those that came after it are carried over too.
 */
const START_MARGIN_MS = 20 * 60_000;

/**
 * Reads the table's stream through the policy into change objects in the source's staging, from where an earlier run stopped. Ends when `untilMs` is reached;
 * else it throws: what was read by then is durable, and running it again goes on behind that.
 */
export async function runCapture(options: CaptureOptions): Promise<void> {
  const { opened, meter } = options;
  meter.started(opened.resumed);
  try {
    await readStream(options);
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

async function readStream(options: CaptureOptions): Promise<void> {
  const { context, client, ledger, opened, meter, compression, untilMs } = options;
  const streamArn = opened.header.source;
  const startMs = opened.header.startedMs - START_MARGIN_MS;
  const clock = context.clock ?? systemClock;
  const flushing = new AbortController();
  // Nobody knows how many there are in the stream.
  const lag = new LagReporter(context, 'capture', () => 0);
  const tree = new ShardTree(streamArn, ledger.positions(), startMs);
  const committer = new ChangeCommitter({
    bucket: options.bucket,
    layout: opened.layout,
    ledger,
    policyHash: options.policyHash,
    compression,
    wake: options.wake,
    signal: flushing.signal,
    onCommit: (commit) => {
      meter.add({ objects: commit.object === null ? 0 : 1 });
      lag.throughAll(commit);
    },
  });
  const lane = new ChangeLane({ committer, tree, compression, clock });
  const processor = new ChangeProcessor(options.policy, opened.sealer, options.settings, startMs, options);
  const reading = new StreamReading({
    client,
    streamArn,
    processor,
    settler: options.conflicts && new Settler(options.conflicts.merge),
    lane,
    tree,
    ledger,
    meter,
    clock,
    signal: context.signal,
    startMs,
    untilMs,
  });
  try {
    await reading.run(flushing);
  } finally {
    lag.close();
  }
}
