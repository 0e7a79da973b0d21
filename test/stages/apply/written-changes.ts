import { gzipSync } from 'node:zlib';
import type { S3Bucket } from '../../../src/s3/bucket.ts';
import { changeLayout, writeChangeCommit, writeChangeHeader } from '../../../src/staging/change-log.ts';
import { sha256Hex } from '../../../src/staging/data-object.ts';
import { changeCommit } from '../../staging/change-commit.ts';
import { key } from '../export/run-export.ts';

/** A change to one key; `n` is its place in the order of all changes, and a put writes it into the item. */
export interface Change {
  pk: string;
  n: number;
  deletes?: boolean;
  /** Left in the item, for a table to refuse. */
  bad?: boolean;
}

export const layout = changeLayout('p/', '01-a');
/** What commits of `changeCommit` were made under. */
export const POLICY_HASH = 'h';

/** The line of a change object. */
function lineOf({ pk, n, deletes, bad }: Change): string {
  const Keys = { PK: { S: pk } };
  const NewImage = { ...Keys, n: { N: String(n) }, ...(bad === true && { bad: { S: 'x' } }) };
  const Metadata = { WriteTimestampMicros: { N: String(1e12 + n) } };
  return JSON.stringify({ Metadata, Keys, ...(deletes !== true && { NewImage }) });
}

export async function writeHeader(bucket: S3Bucket): Promise<void> {
  await writeChangeHeader(bucket, layout, {
    version: 1,
    migration: 'm',
    policyHash: POLICY_HASH,
    policyEffectHash: 'e',
    source: 'arn',
    keySchema: key,
    startedMs: 1,
  });
}

interface WriteOptions {
  /** What the commit says of the number of changes. */
  claims?: number;
  /** What stands in the object. */
  lines?: string[];
  throughMs?: number;
}

/** Writes commit `seq` with an object of these changes, or without one where there are none. */
export async function writeChanges(
  bucket: S3Bucket,
  seq: number,
  changes: readonly Change[],
  { claims = changes.length, lines = changes.map(lineOf), throughMs = 0 }: WriteOptions = {},
): Promise<void> {
  const micros = changes.map(({ n }) => 1e12 + n);
  const commit = changeCommit(seq, {
    puts: claims,
    ...(changes.length > 0 && { newestMicros: Math.max(...micros) }),
  });
  if (commit.object !== null) {
    const body = gzipSync(lines.map((line) => `${line}\n`).join(''));
    const name = `${layout.dataOf(seq)}x.json.gz`.slice(layout.root.length);
    const etag = await bucket.put(layout.root + name, body, { metadata: { 'dynaferry-sha256': sha256Hex(body) } });
    const sha256 = sha256Hex(body);
    const sums = { sizeBytes: body.length, etag, sha256, partSha256: [sha256], partSizeBytes: 8_388_608 };
    commit.object = { ...commit.object, ...sums, key: name };
  }
  const { counts, object } = commit;
  const state = { positions: [], objects: object === null ? 0 : 1, bytes: object?.sizeBytes ?? 0, counts };
  await writeChangeCommit(bucket, layout, { ...commit, throughMs, checkpoints: [], state });
}
