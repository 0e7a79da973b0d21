import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import type { ExportLayout } from './layout.ts';
import { readManifest } from './manifest.ts';

const dataObject = z.object({
  key: z.string(),
  items: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  jsonBytes: z.int().nonnegative(),
  etag: z.string(),
  md5Base64: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  partSizeBytes: z.int().positive(),
  partSha256: z.array(z.string()),
});

const commitRecord = z.object({
  version: z.literal(1),
  seq: z.int().positive(),
  policyHash: z.string(),
  /** Null where nothing that was read passed. */
  object: dataObject.nullable(),
  counts: z.object({
    read: z.int().nonnegative(),
    filtered: z.int().nonnegative(),
    deadLettered: z.int().nonnegative(),
    sourceBytes: z.int().nonnegative(),
  }),
  /** At the source only. */
  checkpoints: z
    .array(z.object({ segment: z.int().nonnegative(), sealed: z.string().nullable(), done: z.boolean() }))
    .optional(),
});

/** A data object as commits and manifests describe it; `key` is relative to the export's folder, since exports get moved. */
export type DataObject = z.infer<typeof dataObject>;

/**
 * One step of an export: a data object that is whole and durable, what it accounts for, and (at the source) up to where reading is done.
 * Commits are numbered from 1 without gaps and never change: whoever follows them sees each object once, and two exporters of
 * one export cannot both write the same number.
 */
export type CommitRecord = z.infer<typeof commitRecord>;

/** Writes commit `seq`; it must not exist yet. Throws LOCKED where somebody else wrote another commit of this number. */
export async function writeCommit(
  bucket: S3Bucket,
  layout: ExportLayout,
  commit: CommitRecord,
  signal?: AbortSignal,
): Promise<void> {
  const key = layout.commit(commit.seq);
  const body = Buffer.from(`${JSON.stringify(commit)}\n`);
  try {
    await bucket.put(key, body, { contentType: 'application/json', onlyIfAbsent: true, signal });
  } catch (error) {
    if (!(error instanceof DynaferryError && error.serviceCode === 'PreconditionFailed')) throw error;
    // A lost answer makes us meet our own commit.
    const existing = await bucket.get(key, { signal });
    if (!existing.body.equals(body))
      throw new DynaferryError(
        'LOCKED',
        `another process is writing to ${bucket.uri(layout.root)}: it made commit ${commit.seq}`,
      );
  }
}

/** Commit `seq`, or undefined where it does not exist (yet). */
export async function readCommit(
  bucket: S3Bucket,
  layout: ExportLayout,
  seq: number,
  signal?: AbortSignal,
): Promise<CommitRecord | undefined> {
  const key = layout.commit(seq);
  const found = await bucket.find(key, signal);
  if (found === undefined) return undefined;
  try {
    return commitRecord.parse(JSON.parse(found.body.toString('utf8')));
  } catch (error) {
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.site.role}: ${bucket.uri(key)} is not a commit that this version can read`,
      { cause: error },
    );
  }
}

/** Lets the writer of a log wake its followers in the same process at once; in another process they look every so often. */
export class CommitSignal {
  readonly #wake = new Set<() => void>();

  notify(): void {
    for (const wake of this.#wake) wake();
  }

  /** Resolves at the next notify, or after `ms`. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const scope = signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]);
    const wake = (): void => timer.abort();
    this.#wake.add(wake);
    try {
      await sleep(ms, undefined, { signal: scope });
    } catch {
      signal?.throwIfAborted();
    } finally {
      this.#wake.delete(wake);
    }
  }
}

/** How often a follower looks for the next commit of another process. */
const POLL_MS = 1000;
/** A writer that made no commit for so long is taken to be dead. */
const SILENCE_MS_MAX = 60 * 60_000;

/** Commits fetched at once: far from the bucket, one after the other would be slower than what they describe. */
const READ_AHEAD = 16;

/**
 * Yields the commits of an export in order of their numbers as they appear, from `from` on, until the export is complete (its manifest summary exists)
 * and all are seen. Throws WAIT_TOO_LONG when nothing appears for an hour.
 */
export async function* followCommits(
  bucket: S3Bucket,
  layout: ExportLayout,
  options: { from?: number; wake?: CommitSignal; signal?: AbortSignal } = {},
): AsyncGenerator<CommitRecord> {
  const wake = options.wake ?? new CommitSignal();
  let seq = options.from ?? 1;
  let silentSinceMs = Date.now();
  for (;;) {
    // Asked before looking for commits: those that exist when the manifest does were there before it.
    const complete = (await bucket.head(layout.manifestSummary, options.signal)) !== undefined;
    for await (const commit of readCommitsFrom(bucket, layout, seq, options.signal)) {
      seq = commit.seq + 1;
      yield commit;
      // Not before: whoever takes the commits may take long over one.
      silentSinceMs = Date.now();
    }
    if (complete) {
      await checkAllSeen(bucket, layout, seq - 1, options.signal);
      return;
    }
    if (Date.now() - silentSinceMs > SILENCE_MS_MAX)
      throw new DynaferryError('WAIT_TOO_LONG', `no new object appeared below ${bucket.uri(layout.root)} for an hour`);
    await wake.wait(POLL_MS, options.signal);
  }
}

/** A commit that was removed would look like the end of the log: the manifest knows how many there were. */
async function checkAllSeen(bucket: S3Bucket, layout: ExportLayout, seen: number, signal?: AbortSignal): Promise<void> {
  const manifest = await readManifest(bucket, layout, signal);
  const commits = manifest?.summary.dynaferry?.commits;
  if (commits !== undefined && seen < commits)
    throw new DynaferryError(
      'OBJECT_NOT_FOUND',
      `${bucket.site.role}: commit ${seen + 1} of ${commits} is gone from ${bucket.uri(layout.commits)}`,
    );
}

/** The commits that are there now, from a number on, in order. */
export async function* readCommitsFrom(
  bucket: S3Bucket,
  layout: ExportLayout,
  from: number,
  signal?: AbortSignal,
): AsyncGenerator<CommitRecord> {
  const ahead: Promise<CommitRecord | undefined>[] = [];
  const take = async (): Promise<CommitRecord> => {
    const commit = await ahead.shift();
    if (commit === undefined)
      throw new DynaferryError('OBJECT_NOT_FOUND', `a commit below ${bucket.uri(layout.commits)} was removed`);
    return commit;
  };
  let seq = from;
  try {
    for await (const { key } of bucket.list(layout.commits, { startAfter: layout.commit(from - 1), signal })) {
      // Numbers have no gaps, so the listing need not be believed beyond the next one.
      if (key !== layout.commit(seq)) break;
      const read = readCommit(bucket, layout, seq++, signal);
      read.catch(() => undefined);
      ahead.push(read);
      if (ahead.length === READ_AHEAD) yield take();
    }
    while (ahead.length > 0) yield take();
  } finally {
    await Promise.allSettled(ahead);
  }
}
