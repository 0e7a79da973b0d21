import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { BUCKET_BITS_MAX, BUCKET_BYTES, BucketTable } from './bucket-table.ts';
import { damagedObject, parseHeader, splitHeader } from './object-header.ts';
import { digestFacts, type SideDigests } from './side-digests.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** The header names attributes and one position a segment; far below this. */
const HEADER_BYTES_MAX = 16 * 1024 * 1024;

const header = z.object({ format: z.literal('dynaferry-digests'), version: z.literal(1), ...digestFacts.shape });

/** The digest object, docs/formats/digests.md. What the table holds at the time of the call goes in, whatever is added later. */
export async function encodeDigests({ facts, table }: SideDigests): Promise<Buffer> {
  const line = Buffer.from(`${JSON.stringify({ format: 'dynaferry-digests', version: 1, ...facts })}\n`);
  const bytes = Buffer.allocUnsafe(line.length + table.buckets * BUCKET_BYTES);
  line.copy(bytes);
  table.encode(bytes, line.length);
  // Sums are random bytes: more than the fastest level gains nothing.
  return compress(bytes, { level: 1 });
}

/** Throws DATA_DAMAGED where the bytes are not a digest object of a version known here. `what` names the object in messages. */
export async function decodeDigests(object: Buffer, what: string): Promise<SideDigests> {
  let bytes: Buffer;
  try {
    bytes = await decompress(object, { maxOutputLength: HEADER_BYTES_MAX + 2 ** BUCKET_BITS_MAX * BUCKET_BYTES });
  } catch (error) {
    throw damagedObject(what, 'is damaged or truncated', error);
  }
  const { line, body } = splitHeader(bytes);
  const { format: _, version: __, ...facts } = parseHeader(header, line, what);
  if (body.length !== 2 ** facts.bucketBits * BUCKET_BYTES)
    throw damagedObject(what, 'has another length than its header says');
  const table = BucketTable.decode(body, facts.bucketBits);
  if (table.items() !== facts.items) throw damagedObject(what, 'holds another number of items than its header says');
  return { facts, table };
}
