import type { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { createJson, jsonLine, readJson } from './json-object.ts';
import type { ExportLayout } from './layout.ts';

/** Commits fetched at once: far from the bucket, one after the other would be slower than what they describe. */
const READ_AHEAD = 16;

/**
 * The commits of one folder in S3: numbered from 1 without gaps, each written once and never changed. Whoever follows them sees each once, and two writers
 * cannot both write the same number. What a commit holds is its schema's to say; all of them have their number in `seq`.
 */
export class NumberedLog<Commit extends { seq: number }> {
  readonly #schema: z.ZodType<Commit>;

  constructor(schema: z.ZodType<Commit>) {
    this.#schema = schema;
  }

  /** Writes commit `seq`; it must not exist yet. Throws LOCKED where somebody else wrote another commit of this number. */
  async write(bucket: S3Bucket, layout: ExportLayout, commit: Commit, signal?: AbortSignal): Promise<void> {
    const key = layout.commit(commit.seq);
    if (await createJson(bucket, key, commit, signal)) return;
    // A lost answer makes us meet our own commit.
    const existing = await bucket.get(key, { signal });
    if (!existing.body.equals(jsonLine(commit)))
      throw new DynaferryError(
        'LOCKED',
        `another process is writing to ${bucket.uri(layout.root)}: it made commit ${commit.seq}`,
      );
  }

  /** Commit `seq`, or undefined where it does not exist (yet). Throws MANIFEST_INVALID where it cannot be read. */
  async read(bucket: S3Bucket, layout: ExportLayout, seq: number, signal?: AbortSignal): Promise<Commit | undefined> {
    return readJson(bucket, layout.commit(seq), this.#schema, 'a commit', signal);
  }

  /** The commits that are there now, from a number on, in order. */
  async *readFrom(bucket: S3Bucket, layout: ExportLayout, from: number, signal?: AbortSignal): AsyncGenerator<Commit> {
    const ahead: Promise<Commit | undefined>[] = [];
    const take = async (): Promise<Commit> => {
      const commit = await ahead.shift();
      if (commit === undefined)
        throw new DynaferryError('OBJECT_NOT_FOUND', `a commit below ${bucket.uri(layout.commits)} was removed`);
      return commit;
    };
    let seq = from;
    let isBroken = false;
    try {
      for await (const { key } of bucket.list(layout.commits, { startAfter: layout.commit(from - 1), signal })) {
        // Numbers have no gaps, so the listing need not be believed beyond the next one.
        isBroken = key !== layout.commit(seq);
        if (isBroken) break;
        const read = this.read(bucket, layout, seq++, signal);
        read.catch(() => undefined);
        ahead.push(read);
        if (ahead.length === READ_AHEAD) yield take();
      }
      while (ahead.length > 0) yield take();
      if (isBroken) await this.#checkThere(bucket, layout, seq, signal);
    } finally {
      await Promise.allSettled(ahead);
    }
  }

  /** Throws OBJECT_NOT_FOUND where a commit is not there, although a later one is. */
  async #checkThere(bucket: S3Bucket, layout: ExportLayout, seq: number, signal?: AbortSignal): Promise<void> {
    if ((await bucket.head(layout.commit(seq), signal)) !== undefined) return;
    throw new DynaferryError(
      'OBJECT_NOT_FOUND',
      `${bucket.site.role}: ${bucket.uri(layout.commit(seq))} was removed, and later ones are there`,
      {
        fix: 'Run the same command again: where another machine has gone on, it goes on behind that. Where that does not help, begin anew with --restart.',
      },
    );
  }
}
