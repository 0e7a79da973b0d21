import { zstdDecompressSync } from 'node:zlib';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import type { Clock } from '../../../src/engine/pacer.ts';
import type { StreamsClient } from '../../../src/dynamodb/streams.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { runCapture, type CaptureConflicts } from '../../../src/stages/capture/capture-stage.ts';
import type { DeleteSettings } from '../../../src/stages/capture/change-processor.ts';
import { openCapture } from '../../../src/stages/capture/open-capture.ts';
import { findCapture, readChangesFrom, type ChangeCommit, type ChangeHeader } from '../../../src/staging/change-log.ts';
import { CommitSignal } from '../../../src/staging/commit-log.ts';
import type { ExportLayout } from '../../../src/staging/layout.ts';
import type { MemoryBucket } from '../../staging/memory-bucket.ts';

const PREFIX = 'p/';
const STREAM = 'arn:aws:dynamodb:us-west-2:1:table/t/stream/1';

/** Sleeps as long as it takes others to have their turn, and holds that for the time that was asked for. */
export class HastyClock implements Clock {
  /** The longest time that was asked for. */
  longestMs = 0;
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.longestMs = Math.max(this.longestMs, ms);
    this.#nowMs += ms / 4;
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}

export interface CaptureRun {
  bucket: MemoryBucket;
  folder: string;
  stream: StreamsClient;
  policy: Policy;
  settings?: Partial<DeleteSettings>;
  conflicts?: CaptureConflicts;
  /** What a new log's header says, and what must stand in the one of a log that is gone on with. */
  conflict?: ChangeHeader['conflict'];
  streamArn?: string;
  policyHash?: string;
  restart?: boolean;
  /** Ends when all is captured that was made before then. */
  untilMs?: number;
  signal?: AbortSignal;
  /** One that does not wait where absent. */
  clock?: Clock;
}

/** One run of the capture, from where ledger and bucket say that it stands, until all is read that the stream has. */
export async function captureOnce(run: CaptureRun): Promise<ExportLayout> {
  const { bucket, folder, stream, policy, restart = false } = run;
  const signal = run.signal ?? new AbortController().signal;
  const context = { migration: 'm', signal, onEvent: () => undefined, clock: run.clock ?? new HastyClock() };
  const ledger = ChangeLedger.open(folder);
  try {
    const opened = await openCapture({
      bucket,
      prefix: PREFIX,
      ledger,
      captureId: restart ? undefined : (ledger.fact('captureId') ?? (await findCapture(bucket, PREFIX))),
      header: {
        migration: 'm',
        policyHash: run.policyHash ?? policy.hash,
        policyEffectHash: policy.hash,
        source: run.streamArn ?? STREAM,
        keySchema: { partition: { name: 'PK', type: 'S' } },
        ...(run.conflict !== undefined && { conflict: run.conflict }),
      },
      nowMs: Date.now(),
      signal,
    });
    await runCapture({
      context,
      client: stream,
      policy,
      policyHash: policy.hash,
      settings: { deletes: 'apply', ttlDeletes: 'apply', ...run.settings },
      conflicts: run.conflicts,
      bucket,
      ledger,
      opened,
      meter: new StageMeter(context, 'capture'),
      compression: 'zstd',
      wake: new CommitSignal(),
      // What the run before has read through must not do.
      untilMs: run.untilMs ?? Date.now() - 1990,
    });
    return opened.layout;
  } finally {
    ledger.close();
  }
}

/** A line of a change object. */
export interface ChangeLine {
  Metadata: { WriteTimestampMicros: { N: string } };
  Keys: Record<string, unknown>;
  NewImage?: Record<string, unknown>;
}

/** All that a change log holds, in order. */
export async function readLog(
  bucket: MemoryBucket,
  layout: ExportLayout,
): Promise<{ commits: ChangeCommit[]; lines: ChangeLine[] }> {
  const commits: ChangeCommit[] = [];
  const lines: ChangeLine[] = [];
  for await (const commit of readChangesFrom(bucket, layout, 1)) {
    commits.push(commit);
    if (commit.object === null) continue;
    const { body } = await bucket.get(layout.root + commit.object.key);
    const texts = zstdDecompressSync(body).toString().split('\n').slice(0, -1);
    if (texts.length !== commit.object.items) throw new Error(`commit ${commit.seq} miscounts its changes`);
    lines.push(...texts.map((text) => JSON.parse(text) as ChangeLine));
  }
  return { commits, lines };
}

/** What a table holds that had nothing and takes in the lines in order. */
export function applyLines(lines: readonly ChangeLine[]): Map<string, unknown> {
  const items = new Map<string, unknown>();
  for (const { Keys, NewImage } of lines) {
    const key = JSON.stringify(Keys);
    if (NewImage === undefined) items.delete(key);
    else items.set(key, NewImage);
  }
  return items;
}
