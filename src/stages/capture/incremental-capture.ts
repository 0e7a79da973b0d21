import type { ChangeLedger } from '../../engine/change-ledger.ts';
import type { StageContext, StageMeter } from '../../engine/stage-context.ts';
import { IncrementalReader } from '../../dynamodb/incremental-records.ts';
import { DynaferryError } from '../../model/errors.ts';
import { MalformedJson } from '../../model/json-bytes.ts';
import type { Policy } from '../../policy/policy.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { ShardPosition } from '../../staging/change-log.ts';
import { CommitSignal } from '../../staging/commit-log.ts';
import type { Compression } from '../../staging/compression.ts';
import { incrementalDataKey } from '../../staging/incremental-manifest.ts';
import type { ManifestFile } from '../../staging/manifest.ts';
import { readObjectLines } from '../../staging/object-lines.ts';
import { ChangeBatch } from './change-batch.ts';
import { ChangeCommitter } from './change-committer.ts';
import { ChangeProcessor, type DeleteSettings } from './change-processor.ts';
import { checkChain, type IncrementalExport } from './incremental-exports.ts';
import type { OpenedCapture } from './open-capture.ts';

export interface IncrementalCaptureOptions {
  context: StageContext;
  /** In the order of their times, each beginning where the one before ends. */
  exports: readonly IncrementalExport[];
  policy: Policy;
  /** Of the policy as written; carried by all that is staged. */
  policyHash: string;
  settings: DeleteSettings;
  bucket: S3Bucket;
  ledger: ChangeLedger;
  opened: OpenedCapture;
  meter: StageMeter;
  compression: Compression;
}

/**
 * Takes incremental exports into the change log, through the policy, one after the other. An export that is in the log already is passed over, and one that was cut off is gone on with: how far
 * its files are read stands in the commits, as the positions of shards do. Throws STREAM_GAP where an export does not begin where the log ends.
 */
export async function runIncrementalCapture(options: IncrementalCaptureOptions): Promise<void> {
  const { meter, opened } = options;
  meter.started(opened.resumed);
  try {
    const capture = new IncrementalCapture(options);
    for (const one of options.exports) await capture.take(one);
    meter.finished();
  } catch (error) {
    meter.failed();
    throw error;
  }
}

class IncrementalCapture {
  readonly #options: IncrementalCaptureOptions;
  readonly #committer: ChangeCommitter;

  constructor(options: IncrementalCaptureOptions) {
    const { bucket, opened, ledger, policyHash, compression, context, meter } = options;
    this.#options = options;
    this.#committer = new ChangeCommitter({
      bucket,
      layout: opened.layout,
      ledger,
      policyHash,
      compression,
      wake: new CommitSignal(),
      signal: context.signal,
      onCommit: ({ object }) => meter.add({ objects: object === null ? 0 : 1 }),
    });
  }

  async take(one: IncrementalExport): Promise<void> {
    const { ledger, opened, policy, settings, compression } = this.#options;
    // 0 where nothing is committed yet.
    const throughMs = ledger.totals().captured.throughMs || opened.header.startedMs;
    if (one.toMs <= throughMs) {
      // A process that was killed right behind the last commit has left them.
      const itsOwn = [...ledger.positions().keys()].filter((shardId) => shardId.startsWith(`${one.id}/`));
      ledger.forgetShards(itsOwn);
      return;
    }
    checkChain(throughMs, one);
    const reader = new IncrementalReader(policy.names, one.hasBothImages ? 'NEW_AND_OLD_IMAGES' : 'NEW_IMAGE');
    const processor = new ChangeProcessor(policy, opened.sealer, settings, 0, { reader });
    const positions = ledger.positions();
    let batch = new ChangeBatch(compression, 0);
    let moved: ShardPosition[] = [];
    const cut = async (): Promise<void> => {
      await this.#committer.commit(batch, moved, throughMs);
      batch = new ChangeBatch(compression, 0);
      moved = [];
    };
    for (const [index, file] of one.files.entries()) {
      const shardId = `${one.id}/${index}`;
      const known = positions.get(shardId);
      if (file.itemCount === 0 || known?.done === true) continue;
      let lines = 0;
      for await (const block of this.#blocks(one, file, Number(known?.after ?? 0), processor)) {
        lines = block.lines;
        if (!batch.hasRoomFor(block.outcome)) await cut();
        await batch.add(block.outcome, 0);
        processor.recycle(block.outcome.lines);
        this.#count(block.outcome.counts);
        const position = { shardId, parent: null, after: String(lines), done: lines === file.itemCount, throughMs };
        moved = [...moved.filter((other) => other.shardId !== shardId), position];
        if (batch.isFull) await cut();
      }
    }
    await this.#committer.commit(batch, moved, one.toMs);
    ledger.forgetShards([...ledger.positions().keys()]);
  }

  /** The blocks of a file behind so many lines that are accounted for, treated, each with the number of lines up to its end. */
  async *#blocks(
    { bucket, layout }: IncrementalExport,
    file: ManifestFile,
    skip: number,
    processor: ChangeProcessor,
  ): AsyncGenerator<{ outcome: ReturnType<ChangeProcessor['process']>; lines: number }> {
    const key = incrementalDataKey(layout, file);
    const damaged = (what: string): DynaferryError =>
      new DynaferryError('DATA_DAMAGED', `source: ${bucket.uri(key)} ${what}`, {
        fix: 'Copy the export again, or make another one.',
      });
    let lines = 0;
    const { signal } = this.#options.context;
    for await (const block of readObjectLines(bucket, { key, md5Base64: file.md5Checksum }, signal)) {
      const { rest, skipped } = behindLines(block, skip - lines);
      lines += skipped;
      if (rest.length === 0) continue;
      const outcome = treated(processor, rest, () =>
        damaged('holds a line that is not a change of an incremental export'),
      );
      lines += outcome.counts.read;
      yield { outcome, lines };
    }
    if (lines !== file.itemCount) throw damaged(`holds ${lines} changes, its manifest says ${file.itemCount}`);
  }

  #count({ read, sourceBytes, filtered, deadLettered }: ReturnType<ChangeProcessor['process']>['counts']): void {
    this.#options.meter.add({ items: read, bytes: sourceBytes, filtered, deadLettered });
  }
}

/** A file of an export is no shard: no stamps are made of what is in it. */
const NO_CLOCK = { lastMicros: 0 };

function treated(
  processor: ChangeProcessor,
  block: Buffer,
  damaged: () => DynaferryError,
): ReturnType<ChangeProcessor['process']> {
  try {
    return processor.process(block, NO_CLOCK);
  } catch (error) {
    if (error instanceof MalformedJson) throw damaged();
    throw error;
  }
}

/** What lies behind the first lines of a block. */
function behindLines(block: Buffer, lines: number): { rest: Buffer; skipped: number } {
  let at = 0;
  let skipped = 0;
  while (skipped < lines && at < block.length) {
    at = block.indexOf(0x0a, at) + 1;
    skipped++;
  }
  return { rest: block.subarray(at), skipped };
}
