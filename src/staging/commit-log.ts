import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import type { ExportLayout } from './layout.ts';
import { readManifest } from './manifest.ts';
import { NumberedLog } from './numbered-log.ts';

/** Of a data object, in every record that names one. */
export const dataObject = z.object({
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

const log = new NumberedLog(commitRecord);

/** Writes commit `seq`; it must not exist yet. Throws LOCKED where somebody else wrote another commit of this number. */
export const writeCommit = log.write.bind(log);

/** Commit `seq`, or undefined where it does not exist (yet). */
export const readCommit = log.read.bind(log);

/** The commits that are there now, from a number on, in order. */
export const readCommitsFrom = log.readFrom.bind(log);

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
export const FOLLOW_POLL_MS = 1000;
/** A writer that made no commit for so long is taken to be dead. */
const SILENCE_MS_MAX = 60 * 60_000;

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
    await wake.wait(FOLLOW_POLL_MS, options.signal);
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
