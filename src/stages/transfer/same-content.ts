import { createHash, type Hash } from 'node:crypto';
import type { ListedObject, ObjectDetails } from '../../s3/object-info.ts';
import { etagForm, hidesDigest, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import { compositeEtag } from './multipart-transfer.ts';
import { partSizeCandidates } from './part-layout.ts';
import { readRange } from './read-range.ts';

/** Read at once while an object is digested. */
const READ_BYTES = 8 * 1024 * 1024;

/**
 * Whether two objects of one size have the same content, by reading as little as it takes: the source alone where the target's ETag can be computed from it
 * (an MD5 of the whole, or of parts of a size that is recorded or usual), else both.
 */
export async function sameContent(
  link: Link,
  source: ListedObject,
  target: ListedObject & Pick<ObjectDetails, 'headers'>,
  recordedPartBytes: number,
): Promise<boolean> {
  const form = etagForm(target.etag);
  const tells = !hidesDigest(target.headers);
  const sizes =
    form.kind !== 'parts' || !tells
      ? []
      : recordedPartBytes > 0
        ? [recordedPartBytes]
        : partSizeCandidates(target.sizeBytes, form.count);
  const digests = await digestObject(link, 'source', source, sizes);
  if (form.kind === 'md5' && tells) return digests.md5Hex === form.md5Hex;
  if (digests.composites.some((etag) => isSameEtag(etag, target.etag))) return true;
  const there = await digestObject(link, 'target', target, []);
  return there.md5Hex === digests.md5Hex;
}

interface ObjectDigests {
  md5Hex: string;
  /** For each of the part sizes that were asked for. */
  composites: string[];
}

async function digestObject(
  link: Link,
  side: 'source' | 'target',
  object: ListedObject,
  partSizes: readonly number[],
): Promise<ObjectDigests> {
  const whole = createHash('md5');
  const composites = partSizes.map((bytes) => new CompositeDigest(bytes));
  for (let start = 0; start < object.sizeBytes; start += READ_BYTES) {
    const body = await link.memory.take(Math.min(READ_BYTES, object.sizeBytes - start), link.signal);
    try {
      await readRange({ ...link, source: link[side] }, object, start, body);
      whole.update(body);
      for (const composite of composites) composite.update(body);
    } finally {
      link.memory.give(body);
    }
  }
  return { md5Hex: whole.digest('hex'), composites: composites.map((composite) => composite.etag()) };
}

/** The ETag that an object has whose parts are of one size. */
class CompositeDigest {
  readonly #partSizeBytes: number;
  readonly #parts: string[] = [];
  #hash: Hash = createHash('md5');
  #filled = 0;

  constructor(partSizeBytes: number) {
    this.#partSizeBytes = partSizeBytes;
  }

  update(body: Buffer): void {
    for (let at = 0; at < body.length;) {
      const end = Math.min(body.length, at + this.#partSizeBytes - this.#filled);
      this.#hash.update(body.subarray(at, end));
      this.#filled += end - at;
      at = end;
      if (this.#filled === this.#partSizeBytes) this.#endPart();
    }
  }

  etag(): string {
    if (this.#filled > 0 || this.#parts.length === 0) this.#endPart();
    return compositeEtag(this.#parts);
  }

  #endPart(): void {
    this.#parts.push(this.#hash.digest('hex'));
    this.#hash = createHash('md5');
    this.#filled = 0;
  }
}
