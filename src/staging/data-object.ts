import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import { compressor, type Compression } from './compression.ts';

/** S3's smallest part is 5 MiB; a small part is a small loss when a connection breaks. */
const PART_BYTES = 8 * 1024 * 1024;

/** A data object that is complete in memory, with all that is recorded of it. */
export interface FinishedObject {
  body: Buffer;
  items: number;
  /** Length before compression. */
  jsonBytes: number;
  /** Base64, as DynamoDB's manifests have it. */
  md5Base64: string;
  md5Hex: string;
  /** Lower-case hex. */
  sha256: string;
  partSizeBytes: number;
  /** Lower-case hex of every part in turn: lets one part be checked, and sent again, by itself. */
  partSha256: string[];
}

/** Builds one data object: lines of `{"Item":…}` in, compressed bytes out. Compression runs off the main thread. */
export class DataObjectBuilder {
  readonly #stream: Transform;
  readonly #chunks: Buffer[] = [];
  #compressedBytes = 0;
  #jsonBytes = 0;
  #items = 0;
  #failure: Error | undefined;

  constructor(compression: Compression) {
    this.#stream = compressor(compression);
    this.#stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#compressedBytes += chunk.length;
    });
    this.#stream.on('error', (error) => (this.#failure = error));
  }

  /** Compressed bytes so far; what the compressor still holds is not counted. */
  get compressedBytes(): number {
    return this.#compressedBytes;
  }

  /** Bytes before compression. */
  get jsonBytes(): number {
    return this.#jsonBytes;
  }

  get items(): number {
    return this.#items;
  }

  /** Adds whole lines; resolves when the compressor has taken them. */
  async add(lines: Buffer, items: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#items += items;
    this.#jsonBytes += lines.length;
    // Not 'drain', which never comes to one who waits for it while another caller ends the stream.
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(lines, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** No more lines; the object in one buffer with its checksums. */
  async finish(): Promise<FinishedObject> {
    const ended = once(this.#stream, 'end');
    this.#stream.end();
    await ended;
    const body = Buffer.concat(this.#chunks, this.#compressedBytes);
    this.#chunks.length = 0;
    const md5 = createHash('md5').update(body).digest();
    return {
      body,
      items: this.#items,
      jsonBytes: this.#jsonBytes,
      md5Base64: md5.toString('base64'),
      md5Hex: md5.toString('hex'),
      ...partChecksums(body),
    };
  }
}

/** SHA-256 of the whole and of its parts. An object of one part is hashed once. */
function partChecksums(body: Buffer): { sha256: string; partSizeBytes: number; partSha256: string[] } {
  const partSha256: string[] = [];
  for (let at = 0; at < body.length || at === 0; at += PART_BYTES)
    partSha256.push(sha256Hex(body.subarray(at, at + PART_BYTES)));
  return { sha256: partSha256.length === 1 ? partSha256[0] : sha256Hex(body), partSizeBytes: PART_BYTES, partSha256 };
}

/** Lower-case hex SHA-256. */
export function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
