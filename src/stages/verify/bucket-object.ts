import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { BucketSet, bitmapBytes } from './bucket-set.ts';
import { BUCKET_BITS_MAX } from './bucket-table.ts';
import { damagedObject, parseHeader, splitHeader } from './object-header.ts';
import { checkSameSubject, subjectFacts, type SubjectFacts } from './side-digests.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const HEADER_BYTES_MAX = 1024 * 1024;

const header = z.object({
  format: z.literal('dynaferry-buckets'),
  version: z.literal(1),
  ...subjectFacts.shape,
  bucketBits: z.int().min(1).max(BUCKET_BITS_MAX),
});

/** The bucket object, docs/formats/digests.md: which buckets differ. It holds nothing of any item. */
export async function encodeBuckets(subject: SubjectFacts, buckets: BucketSet): Promise<Buffer> {
  const facts = { ...subject, bucketBits: buckets.bits };
  const line = `${JSON.stringify({ format: 'dynaferry-buckets', version: 1, ...facts })}\n`;
  return compress(Buffer.concat([Buffer.from(line), buckets.bitmap]));
}

/** Throws DATA_DAMAGED where the bytes are not such an object, and what checkSameSubject throws where it is about something else than `subject`. */
export async function decodeBuckets(object: Buffer, subject: SubjectFacts, what: string): Promise<BucketSet> {
  let bytes: Buffer;
  try {
    bytes = await decompress(object, { maxOutputLength: HEADER_BYTES_MAX + bitmapBytes(BUCKET_BITS_MAX) });
  } catch (error) {
    throw damagedObject(what, 'is damaged or truncated', error);
  }
  const { line, body } = splitHeader(bytes);
  const facts = parseHeader(header, line, what);
  checkSameSubject(facts, subject);
  if (body.length !== bitmapBytes(facts.bucketBits))
    throw damagedObject(what, 'has another length than its header says');
  return new BucketSet(facts.bucketBits, new Uint8Array(body));
}

/** Tells one set of buckets from another. */
export function bucketsFingerprint({ bits, bitmap }: BucketSet): string {
  return `${bits}:${hash('sha256', bitmap, 'hex')}`;
}
