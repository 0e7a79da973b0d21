import { createHash, type Hash } from 'node:crypto';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import type { ObjectInfo } from '../s3/object-info.ts';
import {
  CLOSE_BRACE,
  COLON,
  MalformedJson,
  OPEN_BRACE,
  QUOTE,
  closingQuote,
  expectByte,
  skipSpace,
} from '../model/json-bytes.ts';
import type { ItemView } from '../model/item.ts';
import { decompressor } from './compression.ts';
import { sha256Hex } from './data-object.ts';

/** What an object must be before a line of it is believed. Native exports have an MD5, ours a SHA-256 too. */
export interface ExpectedObject {
  key: string;
  md5Base64: string;
  sha256?: string;
}

/** Objects up to this size are held whole between checking and reading; larger ones are read twice. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
const RANGE_BYTES = 16 * 1024 * 1024;
/** How often an object is fetched again that does not have its checksum, before it is held to be damaged where it lies. */
const FETCHES_MAX = 3;
const EMPTY: Buffer = Buffer.alloc(0);
/** No item is longer: 400 KB, written as JSON escapes at the worst. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Yields the lines of a data object in blocks of whole lines, each ending in a line feed, after the whole object was checked against its checksum.
 * Throws DATA_DAMAGED where it is not what was recorded, or does not decompress to whole lines.
 */
export async function* readObjectLines(
  bucket: S3Bucket,
  expected: ExpectedObject,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const info = await bucket.head(expected.key, signal);
  if (info === undefined)
    throw new DynaferryError(
      'OBJECT_NOT_FOUND',
      `${bucket.site.role}: ${bucket.uri(expected.key)} is in the manifest and not in the bucket`,
    );
  const chunks = await checked(bucket, expected, info, signal);
  // Not even gzip's header: an empty partition's file may be so.
  if (info.sizeBytes === 0) return;
  yield* lines(bucket, expected.key, chunks, signal);
}

/** The object's bytes in pieces, checked as a whole before the first one is given. */
async function checked(
  bucket: S3Bucket,
  expected: ExpectedObject,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer> | Buffer[]> {
  for (let fetches = 1; ; fetches++) {
    if (info.sizeBytes <= HELD_BYTES_MAX) {
      const body =
        info.sizeBytes === 0 ? Buffer.alloc(0) : (await bucket.get(expected.key, { ifMatch: info.etag, signal })).body;
      if (isExpected(expected, (hash) => hash.update(body))) return [body];
    } else {
      const hash = createHash(expected.sha256 === undefined ? 'md5' : 'sha256');
      const rangeSha256: string[] = [];
      for await (const range of ranges(bucket, expected.key, info, signal)) {
        hash.update(range);
        rangeSha256.push(sha256Hex(range));
      }
      if (isExpected(expected, () => hash)) return rangesAgain(bucket, expected.key, info, rangeSha256, signal);
    }
    if (fetches >= FETCHES_MAX)
      throw damaged(
        bucket,
        expected.key,
        `it does not have the ${expected.sha256 === undefined ? 'MD5' : 'SHA-256'} that was recorded`,
      );
  }
}

function isExpected(expected: ExpectedObject, update: (hash: Hash) => Hash): boolean {
  if (expected.sha256 !== undefined) return update(createHash('sha256')).digest('hex') === expected.sha256;
  return update(createHash('md5')).digest('base64') === expected.md5Base64;
}

async function* ranges(bucket: S3Bucket, key: string, info: ObjectInfo, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let start = 0; start < info.sizeBytes; start += RANGE_BYTES) yield readRange(bucket, key, info, start, signal);
}

async function readRange(
  bucket: S3Bucket,
  key: string,
  info: ObjectInfo,
  start: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const end = Math.min(info.sizeBytes, start + RANGE_BYTES);
  return (await bucket.get(key, { range: { start, end }, ifMatch: info.etag, signal })).body;
}

/** The second reading of an object whose first was right: each range must be what it was then, or is read again. */
async function* rangesAgain(
  bucket: S3Bucket,
  key: string,
  info: ObjectInfo,
  rangeSha256: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const [index, sha256] of rangeSha256.entries()) {
    for (let fetches = 1; ; fetches++) {
      const range = await readRange(bucket, key, info, index * RANGE_BYTES, signal);
      if (sha256Hex(range) === sha256) {
        yield range;
        break;
      }
      if (fetches >= FETCHES_MAX) throw damaged(bucket, key, 'it reads different each time');
    }
  }
}

async function* lines(
  bucket: S3Bucket,
  key: string,
  chunks: AsyncIterable<Buffer> | Buffer[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const stream = decompressor(key);
  const fed = feed(stream, chunks);
  let rest: Buffer = EMPTY;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      signal.throwIfAborted();
      const end = chunk.lastIndexOf(0x0a) + 1;
      let start = 0;
      if (rest.length > 0 && end > 0) {
        // The line that began in the chunk before, by itself: the others stay where they are.
        start = chunk.indexOf(0x0a) + 1;
        yield Buffer.concat([rest, chunk.subarray(0, start)]);
        rest = EMPTY;
      }
      if (start < end) yield chunk.subarray(start, end);
      if (end < chunk.length) rest = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(end)]) : chunk.subarray(end);
      if (rest.length > LINE_BYTES_MAX) throw damaged(bucket, key, 'a line is longer than any item can be');
    }
    await fed;
  } catch (error) {
    // A native file's bytes were checked, so an error of the decompressor means that it was written so.
    if (isZlibError(error)) throw damaged(bucket, key, `it cannot be decompressed (${error.code})`);
    throw error;
  } finally {
    stream.destroy();
  }
  // The last line of a file that somebody else wrote may lack its line feed.
  if (rest.length > 0) yield Buffer.concat([rest, Buffer.from('\n')]);
}

async function feed(
  stream: NodeJS.ReadWriteStream & { destroy(error?: Error): unknown; destroyed: boolean },
  chunks: AsyncIterable<Buffer> | Buffer[],
): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (stream.destroyed) return;
      if (chunk.length > 0 && !stream.write(chunk))
        await new Promise((resolve) => stream.once('drain', resolve).once('close', resolve));
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error);
  }
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(Z_|ZSTD_|ERR_ZLIB)/.test(error.code)
  );
}

function damaged(bucket: S3Bucket, key: string, why: string): DynaferryError {
  return new DynaferryError('DATA_DAMAGED', `${bucket.site.role}: ${bucket.uri(key)} is damaged: ${why}`);
}

/**
 * Reads the item of the line `{"Item":{…}}` in [at, end) into `view`. Throws MalformedJson where the line is not of that form, or not whole.
 */
export function readItemLine(block: Buffer, at: number, end: number, view: ItemView): void {
  const itemEnd = view.read(block, itemStart(block, at));
  const behind = expectByte(block, skipSpace(block, itemEnd), CLOSE_BRACE);
  // White space ends with the line or with the ones after it, if they are empty.
  if (itemEnd >= end || behind < end) throw new MalformedJson('a line does not end with its item', itemEnd);
}

/**
 * The same, but attributes only until all that the view has names for are met; the item's end is taken to be the line's. For lines whose object was
 * checked as a whole, and whose items somebody else reads again: DynamoDB refuses one that is not valid.
 */
export function readItemLineNamed(block: Buffer, at: number, end: number, view: ItemView): void {
  // Lines that end otherwise are looked at in full.
  if (block[end - 1] !== CLOSE_BRACE || block[end - 2] !== CLOSE_BRACE) return readItemLine(block, at, end, view);
  view.readNamed(block, itemStart(block, at), end - 1);
}

/** `{"Item":`, which is how all lines begin that we or DynamoDB write. */
const LINE_HEAD = Buffer.from('{"Item":');

function itemStart(block: Buffer, at: number): number {
  let i = 0;
  while (i < LINE_HEAD.length && block[at + i] === LINE_HEAD[i]) i++;
  if (i === LINE_HEAD.length) return skipSpace(block, at + i);
  const nameAt = expectByte(block, skipSpace(block, at), OPEN_BRACE);
  if (block[nameAt] !== QUOTE) throw new MalformedJson('expected "Item"', nameAt);
  const nameEnd = closingQuote(block, nameAt + 1);
  if (block.toString('latin1', nameAt + 1, nameEnd) !== 'Item') throw new MalformedJson('expected "Item"', nameAt);
  return expectByte(block, skipSpace(block, nameEnd + 1), COLON);
}
