import { z } from 'zod';
import type { S3Bucket } from '../s3/bucket.ts';
import { CommitSignal, FOLLOW_POLL_MS, dataObject } from './commit-log.ts';
import { keySchema } from './header.ts';
import { readJson, writeJson } from './json-object.ts';
import { ExportLayout } from './layout.ts';
import { NumberedLog } from './numbered-log.ts';
import { readRemovedThrough } from './removed-mark.ts';

const changeHeader = z.object({
  version: z.literal(1),
  migration: z.string(),
  /** Of the policy as written (policySpecHash). */
  policyHash: z.string(),
  /** Of what it does, keys and functions included (Policy.hash). */
  policyEffectHash: z.string(),
  /** The stream's ARN; a stream that is switched off and on again has another one. Of incremental exports, the table's. */
  source: z.string(),
  /** Whether it is made of incremental exports, which go on from the state of the table at the very moment that `startedMs` is. */
  isOfExports: z.literal(true).optional(),
  /** Of the items after the policy: what `Keys` holds in every line. */
  keySchema,
  /** All changes that were made from then on are in the log, and some that were made shortly before. */
  startedMs: z.int(),
  /** How it is told which of two writes wins; absent where changes go one way. */
  conflict: z.union([z.literal('managed'), z.object({ version: z.string(), origin: z.string() })]).optional(),
});

/** What a change log is of; written before all else of it, and carried to the target first. */
export type ChangeHeader = z.infer<typeof changeHeader>;

/** What helps where a change log cannot be gone on with, whichever stage finds that out. */
export const CAPTURE_ANEW = 'Begin anew: `dynaferry capture --restart` first, then an export with --restart.';
export const OTHER_POLICY = `${CAPTURE_ANEW} Or restore the policy.`;

/** For messages: the setting as migration.yaml has it. */
export function conflictText(conflict: ChangeHeader['conflict']): string {
  if (conflict === undefined) return 'none';
  return conflict === 'managed' ? conflict : `{ version: ${conflict.version}, origin: ${conflict.origin} }`;
}

const shardPosition = z.object({
  shardId: z.string(),
  /** The shard whose changes come before those of this one; null where it has none, or none that was there when capture began. */
  parent: z.string().nullable(),
  /** Sequence number of the last record that is accounted for; null where none is. It says nothing of an item, so it is not sealed. */
  after: z.string().nullable(),
  /** Whether the shard is read to its end. */
  done: z.boolean(),
  /** All records of the shard that were made before then (milliseconds since 1970) are accounted for. Tells whether records may have been lost that the stream keeps for a day only. */
  throughMs: z.int(),
  /** The last time, in microseconds, that the shard's clock has given or seen; only where changes go both ways and we stamp them. */
  clockMicros: z.int().nonnegative().optional(),
});

/** How far one shard of the stream has been read. */
export type ShardPosition = z.infer<typeof shardPosition>;

const changeCounts = z.object({
  /** Records read: before + filtered + skipped + echoes + deadLettered + puts + deletes. */
  read: z.int().nonnegative(),
  /** Made so long before capture began that the export has their effect. */
  before: z.int().nonnegative(),
  /** Of items that pass the filter neither before nor after the change. */
  filtered: z.int().nonnegative(),
  /** Deletes that `replicate` leaves out. */
  skipped: z.int().nonnegative(),
  /** Effects of writes that came from the other site, where changes go both ways. */
  echoes: z.int().nonnegative().default(0),
  /** Set aside because a rule could not treat a value. */
  deadLettered: z.int().nonnegative(),
  /** Lines that put an item at the target, and lines that delete one. */
  puts: z.int().nonnegative(),
  deletes: z.int().nonnegative(),
  /** Bytes of JSON read from the stream. */
  sourceBytes: z.int().nonnegative(),
});

/** What the records account for that one commit of a change log covers. */
export type ChangeCounts = z.infer<typeof changeCounts>;

/** At the source, every so many commits hold the state of the capture, so that another machine need not read the log of months. */
export const STATE_EVERY = 256;

const captureState = z.object({
  positions: z.array(shardPosition),
  /** Sums over all commits up to this one. */
  objects: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  counts: changeCounts,
  newestMicros: z.int().optional(),
});

/** Where a capture stood when a commit was made, that commit included. */
export type CaptureState = z.infer<typeof captureState>;

const changeCommit = z.object({
  version: z.literal(1),
  seq: z.int().positive(),
  policyHash: z.string(),
  /** Its `items` are changes, one a line. Null where no record that was read is carried over. */
  object: dataObject.nullable(),
  counts: changeCounts,
  /** When the oldest and the newest of the object's changes were made at the source, in microseconds since 1970; absent where there is no object. */
  oldestMicros: z.int().optional(),
  newestMicros: z.int().optional(),
  /**
   * All changes that were made at the source before then (milliseconds since 1970) are in this commit or one before it. It grows also while nobody writes
   * to the table: a commit without an object comes about every ten seconds then.
   */
  throughMs: z.int(),
  /** When the commit was made. */
  capturedMs: z.int(),
  /** At the source only: how far the shards have been read, those that got on since the commit before. */
  checkpoints: z.array(shardPosition).optional(),
  /** At the source only, in each commit whose number is a multiple of STATE_EVERY. */
  state: captureState.optional(),
});

/**
 * One step of a capture: a change object that is whole and durable, what it accounts for, and (at the source) up to where the stream is read. Commits in
 * the order of their numbers, and lines in their order within an object, have the changes of each key in the order in which they were made.
 */
export type ChangeCommit = z.infer<typeof changeCommit>;

const log = new NumberedLog(changeCommit);

/** Writes a commit; it must not exist yet. Throws LOCKED where somebody else wrote another commit of this number. */
export const writeChangeCommit = log.write.bind(log);

/** Commit `seq` of a change log, or undefined where it does not exist (yet). */
export const readChangeCommit = log.read.bind(log);

/** The commits of a change log that are there now, from a number on, in order. */
export const readChangesFrom = log.readFrom.bind(log);

/** The last commit that holds the state of the capture, behind commit `after`; undefined where there is none. Asks for a few commits, not for all of them. */
export async function findState(
  bucket: S3Bucket,
  layout: ExportLayout,
  after: number,
  signal?: AbortSignal,
): Promise<ChangeCommit | undefined> {
  const removed = await readRemovedThrough(bucket, layout, signal);
  const there = await lastOf(
    // What is behind that is removed begins with a state.
    Math.floor(Math.max(after, removed + 1) / STATE_EVERY),
    async (n) => (await bucket.head(layout.commit(n * STATE_EVERY), signal)) !== undefined,
  );
  return there * STATE_EVERY > after ? readChangeCommit(bucket, layout, there * STATE_EVERY, signal) : undefined;
}

/** The last commit of a change log; undefined where there is none. Asks for a few commits, not for all of them. */
export async function findLastChange(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<ChangeCommit | undefined> {
  const removed = await readRemovedThrough(bucket, layout, signal);
  const first = removed === 0 ? 0 : removed + 1;
  const seq = await lastOf(first, async (n) => (await bucket.head(layout.commit(n), signal)) !== undefined);
  return seq === 0 ? undefined : readChangeCommit(bucket, layout, seq, signal);
}

/** The last number that exists behind `there`, which does: numbers have no gaps, so between one that exists and one that does not lies the end. */
async function lastOf(there: number, exists: (n: number) => Promise<boolean>): Promise<number> {
  let last = there;
  let step = 1;
  while (await exists(last + step)) {
    last += step;
    step *= 2;
  }
  for (; step > 1; step /= 2) if (await exists(last + step / 2)) last += step / 2;
  return last;
}

/** The prefix of all change logs below a migration's prefix. */
function changesPrefix(prefix: string): string {
  return `${prefix}changes/`;
}

/** The change log with this id (of the form of newExportId) below a migration's prefix, which ends in `/` or is empty. */
export function changeLayout(prefix: string, captureId: string): ExportLayout {
  return new ExportLayout(`${changesPrefix(prefix)}${captureId}/`);
}

/** The id of the newest change log below a migration's prefix that has a header; undefined where there is none. */
export async function findCapture(bucket: S3Bucket, prefix: string, signal?: AbortSignal): Promise<string | undefined> {
  const folders = await bucket.listFolders(changesPrefix(prefix), signal);
  for (const captureId of folders.toSorted().toReversed()) {
    const header = await bucket.head(headerKey(changeLayout(prefix, captureId)), signal);
    if (header !== undefined) return captureId;
  }
  return undefined;
}

export async function writeChangeHeader(
  bucket: S3Bucket,
  layout: ExportLayout,
  header: ChangeHeader,
  signal?: AbortSignal,
): Promise<void> {
  await writeJson(bucket, headerKey(layout), header, signal);
}

/** Undefined where there is none (yet). Throws MANIFEST_INVALID where it cannot be read. */
export async function readChangeHeader(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<ChangeHeader | undefined> {
  return readJson(bucket, headerKey(layout), changeHeader, 'a header', signal);
}

function headerKey(layout: ExportLayout): string {
  return `${layout.root}dynaferry/capture.json`;
}

/**
 * Yields the commits of a change log in order of their numbers as they appear, from `from` on, without end: only the signal ends it, by throwing its reason.
 * A log has no end and may be silent for as long as nobody writes to the table.
 */
export async function* followChanges(
  bucket: S3Bucket,
  layout: ExportLayout,
  options: { from?: number; wake?: CommitSignal; signal?: AbortSignal } = {},
): AsyncGenerator<ChangeCommit> {
  const wake = options.wake ?? new CommitSignal();
  let seq = options.from ?? 1;
  for (;;) {
    for await (const commit of readChangesFrom(bucket, layout, seq, options.signal)) {
      seq = commit.seq + 1;
      yield commit;
    }
    await wake.wait(FOLLOW_POLL_MS, options.signal);
  }
}
