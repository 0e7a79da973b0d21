import type { S3Client } from '@aws-sdk/client-s3';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { listObjects, readObject } from './bucket.ts';

/** Somewhere that a value which must not leave the source could have got to. */
export type Place =
  { name: string; bytes: Uint8Array | string } | { folder: string } | { bucket: string; s3: S3Client };

/** A canary that was found, and where. */
export interface CanaryFinding {
  canary: string;
  /** A name, a file, or `s3://bucket/key`, and which part of it: `key`, `metadata`, `content`, `decompressed`. */
  where: string;
}

/**
 * Looks for the canaries in every byte of the places: objects with their keys and metadata, files with their names, texts; compressed ones (gzip, zstd) also
 * decompressed, as far as they go. Each canary is sought as UTF-8, JSON-escaped, percent-encoded, and inside base64 and hex.
 * It does not see into parts of unfinished multipart uploads, which S3 gives to nobody.
 */
export async function searchForCanaries(
  places: readonly Place[],
  canaries: readonly string[],
): Promise<CanaryFinding[]> {
  const needles = canaries.map((canary) => ({ canary, forms: formsOf(canary) }));
  const findings: CanaryFinding[] = [];
  for (const place of places)
    for await (const { where, bytes } of piecesOf(place))
      for (const { canary, forms } of needles)
        if (forms.some((form) => bytes.includes(form))) findings.push({ canary, where });
  return findings;
}

interface Piece {
  where: string;
  bytes: Buffer;
}

async function* piecesOf(place: Place): AsyncGenerator<Piece> {
  if ('folder' in place) yield* piecesOfFolder(place.folder);
  else if ('bucket' in place) yield* piecesOfBucket(place.s3, place.bucket);
  else yield* piecesOfContent(place.name, Buffer.from(place.bytes as Uint8Array));
}

function* piecesOfFolder(folder: string): Generator<Piece> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    yield { where: `${path} name`, bytes: Buffer.from(relative(folder, path)) };
    if (entry.isFile()) yield* piecesOfContent(path, readFileSync(path));
  }
}

async function* piecesOfBucket(s3: S3Client, bucket: string): AsyncGenerator<Piece> {
  for (const { key } of await listObjects(s3, bucket)) {
    const where = `s3://${bucket}/${key}`;
    yield { where: `${where} key`, bytes: Buffer.from(key) };
    const { body, metadata } = await readObject(s3, bucket, key);
    for (const [name, value] of Object.entries(metadata))
      yield { where: `${where} metadata`, bytes: Buffer.from(`${name}: ${value}`) };
    yield* piecesOfContent(where, body);
  }
}

function* piecesOfContent(where: string, bytes: Buffer): Generator<Piece> {
  yield { where: `${where} content`, bytes };
  const content = decompress(bytes);
  if (content !== undefined) yield* piecesOfContent(`${where} decompressed`, content);
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What a crash cut short is decompressed as far as it goes. */
function decompress(bytes: Buffer): Buffer | undefined {
  if (bytes.subarray(0, 2).equals(GZIP_MAGIC)) return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  if (bytes.subarray(0, 4).equals(ZSTD_MAGIC))
    return zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_continue });
  return undefined;
}

/** The canary's text, and what base64 makes of it at each of the three positions that it can start at. */
function formsOf(canary: string): Buffer[] {
  const bytes = Buffer.from(canary);
  if (bytes.length < 6) throw new RangeError(`the canary '${canary}' is too short to be told from chance`);
  const json = JSON.stringify(canary).slice(1, -1);
  const asciiJson = json.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const texts = [canary, json, asciiJson, encodeURIComponent(canary)];
  const hex = bytes.toString('hex');
  return [...new Set([...texts, hex, hex.toUpperCase(), ...base64Forms(bytes)])].map((text) => Buffer.from(text));
}

function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Characters that also depend on the neighbours' bits are left out.
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
}
