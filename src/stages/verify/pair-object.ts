import { createGunzip, createGzip } from 'node:zlib';
import { Readable, pipeline } from 'node:stream';
import { z } from 'zod';
import { bucketsFingerprint } from './bucket-object.ts';
import type { BucketSet } from './bucket-set.ts';
import { DIGEST_BYTES } from '../../model/item-digest.ts';
import type { KeyRow, KeyStore } from './key-store.ts';
import { damagedObject, parseHeader, splitHeader } from './object-header.ts';
import { checkSameSubject, subjectFacts, type SubjectFacts } from './side-digests.ts';

const PAIR_BYTES = 2 * DIGEST_BYTES;
const CHUNK_PAIRS = 2048;
const HEADER_BYTES_MAX = 1024 * 1024;

const header = z.object({
  format: z.literal('dynaferry-pairs'),
  version: z.literal(1),
  ...subjectFacts.shape,
  /** The buckets that were asked for. */
  buckets: z.string(),
});

/** The pair object, docs/formats/digests.md: key hash and digest of every item of one side in some buckets, in the order of their key hashes. */
export function encodePairs(subject: SubjectFacts, buckets: BucketSet, rows: Iterable<KeyRow>): Readable {
  const facts = { ...subject, buckets: bucketsFingerprint(buckets) };
  const line = `${JSON.stringify({ format: 'dynaferry-pairs', version: 1, ...facts })}\n`;
  const gzip = createGzip({ level: 1 });
  // Failures reach the reader through the destroyed stream.
  pipeline(Readable.from(chunks(Buffer.from(line), rows)), gzip, () => undefined);
  return gzip;
}

function* chunks(line: Buffer, rows: Iterable<KeyRow>): Generator<Buffer> {
  yield line;
  let parts: Buffer[] = [];
  for (const { keyHash, digest } of rows) {
    parts.push(keyHash, digest);
    if (parts.length < 2 * CHUNK_PAIRS) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
  yield Buffer.concat(parts);
}

/**
 * Reads the other side's pairs into the store, in bounded memory. Throws DATA_DAMAGED where the object is damaged or answers for other buckets, and
 * what checkSameSubject throws where it is about something else than `subject`.
 */
export async function importPairs(
  object: AsyncIterable<Buffer>,
  subject: SubjectFacts,
  buckets: BucketSet,
  store: KeyStore,
  what: string,
): Promise<void> {
  if (store.positions('source').get(0)?.done === true) return;
  store.clear('source');
  const gunzip = createGunzip();
  pipeline(Readable.from(object), gunzip, () => undefined);
  let pending: Buffer = Buffer.alloc(0);
  let headed = false;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      pending = Buffer.concat([pending, chunk]);
      if (!headed) {
        const { line, body } = splitHeader(pending);
        if (line.length === 0 && pending.length < HEADER_BYTES_MAX) continue;
        checkHeader(line, subject, buckets, what);
        pending = body;
        headed = true;
      }
      const whole = pending.length - (pending.length % PAIR_BYTES);
      store.add('source', rowsOf(pending.subarray(0, whole)), 0, { sealed: null, done: false });
      pending = pending.subarray(whole);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw damagedObject(what, 'is damaged or truncated', error);
    throw error;
  }
  if (!headed || pending.length > 0) throw damagedObject(what, 'is truncated');
  store.add('source', [], 0, { sealed: null, done: true });
}

function checkHeader(line: Buffer, subject: SubjectFacts, buckets: BucketSet, what: string): void {
  const facts = parseHeader(header, line, what);
  checkSameSubject(facts, subject);
  if (facts.buckets !== bucketsFingerprint(buckets)) throw damagedObject(what, 'answers for other buckets');
}

function rowsOf(pairs: Buffer): KeyRow[] {
  const rows: KeyRow[] = [];
  for (let at = 0; at < pairs.length; at += PAIR_BYTES)
    rows.push({
      keyHash: pairs.subarray(at, at + DIGEST_BYTES),
      digest: pairs.subarray(at + DIGEST_BYTES, at + PAIR_BYTES),
      key: undefined,
      sealedSourceKey: undefined,
      failsFilter: undefined,
    });
  return rows;
}
