import { createHash, hash } from 'node:crypto';
import { DynaferryError } from '../../model/errors.ts';
import { isGone } from '../../s3/errors.ts';
import type { CreatedUpload, PutOptions } from '../../s3/object-info.ts';
import type { Link } from './link.ts';

/** A multipart upload of ours that was begun for one version of a source object. */
export interface BegunUpload {
  uploadId: string;
  sourceEtag: string;
  partSizeBytes: number;
  /** SHA-256 of the headers that it was begun with, which its object will have; unknown where absent. */
  headersSha256?: string;
}

/** Where an object's upload is remembered, so that another process goes on with it. */
export interface UploadRecord {
  save(upload: BegunUpload): Promise<void>;
  remove(): Promise<void>;
}

interface MovedPart {
  uploadId: string;
  index: number;
  /** Where the target has the part already. */
  etag: string | undefined;
  /** For the part, and as long as `copiesHeld` of it. */
  buffer: Buffer;
}

export interface MultipartOptions {
  targetKey: string;
  sourceEtag: string;
  sizeBytes: number;
  partSizeBytes: number;
  /** What the object is written with. */
  write: Pick<PutOptions, 'headers' | 'metadata'>;
  record: UploadRecord;
  /** What was recorded before. */
  begun: BegunUpload | undefined;
  /** Brings a part to the upload and gives its ETag; called in order of the parts. */
  movePart: (part: MovedPart) => Promise<string>;
  /** Parts that the target has are moved all the same (with their `etag`): a check goes over all of them in order. */
  movesAll: boolean;
  /** How often a part is in memory while it is moved: two where two readings of it are compared. Both are taken at once, since who holds one and waits for another would wait for ever. */
  copiesHeld: 0 | 1 | 2;
  /** Hears of the answer to an upload that is begun; throws where it must not be gone on with. */
  onCreated?: (headers: CreatedUpload['headers']) => void;
  /** Hears of the parts' ETags before the object is made of them; throws where they must not become one. */
  beforeComplete: (etags: readonly string[]) => void;
  /** Whether the object is there, where the upload was gone before its parts became one: only the answer was lost, or the parts were. Who looks for it afterwards leaves this out. */
  isMade?: (etags: readonly string[]) => Promise<boolean>;
}

/**
 * Carries an object in parts, several at once, and makes the object of them only when all are there. An upload that was cut off, by this process or another one, goes on
 * with the parts that the target lacks; one that belongs to another version of the source is aborted.
 */
export async function transferInParts(link: Link, options: MultipartOptions): Promise<void> {
  const { target, signal } = link;
  const { targetKey, record } = options;
  const { uploadId, etags } = await openUpload(link, options);
  await moveParts(link, options, uploadId, etags);
  const whole = etags.map((etag) => etag ?? '');
  try {
    options.beforeComplete(whole);
  } catch (error) {
    await target.abortUpload(targetKey, uploadId, signal);
    await record.remove();
    throw error;
  }
  const parts = whole.map((etag, index) => ({ partNumber: index + 1, etag }));
  try {
    await target.completeUpload(targetKey, uploadId, parts, signal);
  } catch (error) {
    // A lost answer leaves the upload gone and the object there.
    if (!isGone(error) || (await options.isMade?.(whole)) === false) throw error;
  }
  await record.remove();
}

/** The ETag that S3 gives to an object of these parts, whose ETags are their MD5s. */
export function compositeEtag(partEtags: readonly string[]): string {
  const md5s = partEtags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${partEtags.length}"`;
}

async function openUpload(
  { target, signal }: Link,
  { targetKey, sourceEtag, sizeBytes, partSizeBytes, write, record, begun, onCreated }: MultipartOptions,
): Promise<{ uploadId: string; etags: (string | undefined)[] }> {
  const etags = Array.from<string | undefined>({ length: Math.ceil(sizeBytes / partSizeBytes) });
  const headersSha256 = digestOf(write.headers ?? {});
  if (begun !== undefined) {
    const isSame =
      begun.sourceEtag === sourceEtag &&
      begun.partSizeBytes === partSizeBytes &&
      (begun.headersSha256 ?? headersSha256) === headersSha256;
    const parts = isSame ? await target.listParts(targetKey, begun.uploadId, signal) : undefined;
    for (const { partNumber, sizeBytes: bytes, etag } of parts ?? [])
      if (bytes === partLength(sizeBytes, partSizeBytes, partNumber - 1)) etags[partNumber - 1] = etag;
    if (parts !== undefined) return { uploadId: begun.uploadId, etags };
    await target.abortUpload(targetKey, begun.uploadId, signal);
  }
  const { uploadId, headers } = await target.createUpload(targetKey, { ...write, signal });
  try {
    onCreated?.(headers);
  } catch (error) {
    await target.abortUpload(targetKey, uploadId, signal);
    throw error;
  }
  await record.save({ uploadId, sourceEtag, partSizeBytes, headersSha256 });
  return { uploadId, etags };
}

function digestOf(headers: Readonly<Record<string, string>>): string {
  const inOrder = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(inOrder));
}

async function moveParts(
  { gate, memory, signal, onBytes }: Link,
  { sizeBytes, partSizeBytes, movePart, movesAll, copiesHeld }: MultipartOptions,
  uploadId: string,
  etags: (string | undefined)[],
): Promise<void> {
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  const move = async (index: number, bytes: number, hasBegun: () => void): Promise<void> => {
    const buffer = await memory.take(bytes * copiesHeld, signal);
    hasBegun();
    try {
      etags[index] = await movePart({ uploadId, index, etag: etags[index], buffer });
      onBytes(bytes);
    } finally {
      memory.give(buffer);
    }
  };
  for (let index = 0; index < etags.length && failures.length === 0; index++) {
    const bytes = partLength(sizeBytes, partSizeBytes, index);
    if (etags[index] !== undefined && !movesAll) {
      onBytes(bytes);
      continue;
    }
    // The next part waits until this one has begun: they begin in their order, which a check over all of them relies on.
    const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>();
    const work: Promise<void> = gate
      .withBody('part', () => move(index, bytes, hasBegun), signal)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        hasBegun();
        underWay.delete(work);
      });
    underWay.add(work);
    await begun;
  }
  // After a failure no part is begun any more, and those under way end before it is told: nothing goes on behind the caller's back.
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
}

/** Bytes of one part; the last one is what is left. */
export function partLength(sizeBytes: number, partSizeBytes: number, index: number): number {
  return Math.min(partSizeBytes, sizeBytes - index * partSizeBytes);
}

/** That the target has nothing of the right size under a key it has just accepted. */
export function notWhole(uri: string, expectedBytes: number, foundBytes: number): DynaferryError {
  return new DynaferryError(
    'DATA_DAMAGED',
    `${uri} is not what was sent: ${foundBytes} bytes instead of ${expectedBytes}`,
  );
}
