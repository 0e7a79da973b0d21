import { createHash } from 'node:crypto';
import { DynaferryError } from '../../model/errors.ts';
import { isGone } from '../../s3/bucket.ts';
import type { PutOptions } from '../../s3/object-info.ts';
import type { Link } from './link.ts';

/** A multipart upload of ours that was begun for one version of a source object. */
export interface BegunUpload {
  uploadId: string;
  sourceEtag: string;
  partSizeBytes: number;
}

/** Where an object's upload is remembered, so that another process goes on with it. */
export interface UploadRecord {
  find(): Promise<BegunUpload | undefined>;
  save(upload: BegunUpload): Promise<void>;
  remove(): Promise<void>;
}

export interface MultipartOptions {
  targetKey: string;
  sourceEtag: string;
  sizeBytes: number;
  partSizeBytes: number;
  /** What the object is written with. */
  write: Pick<PutOptions, 'headers' | 'metadata'>;
  record: UploadRecord;
  /** Gives a part that has been checked; called in order of the parts. `isThere` says that the target has it already. */
  readPart: (index: number, isThere: boolean) => Promise<Buffer>;
  /** Lower-case hex of each part, where it is known before the part is read. */
  partSha256?: readonly string[];
  /** Parts that the target has are read all the same: the check goes over all of them in order. */
  readsAll: boolean;
  /** Hears of the parts' ETags before the object is made of them; throws where they must not become one. */
  beforeComplete: (etags: readonly string[]) => void;
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
    // A lost answer leaves the upload gone and the object there, which whoever asked for it looks for.
    if (!isGone(error)) throw error;
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
  { targetKey, sourceEtag, sizeBytes, partSizeBytes, write, record }: MultipartOptions,
): Promise<{ uploadId: string; etags: (string | undefined)[] }> {
  const etags = Array.from<string | undefined>({ length: Math.ceil(sizeBytes / partSizeBytes) });
  const begun = await record.find();
  if (begun !== undefined) {
    const isSame = begun.sourceEtag === sourceEtag && begun.partSizeBytes === partSizeBytes;
    const parts = isSame ? await target.listParts(targetKey, begun.uploadId, signal) : undefined;
    for (const { partNumber, sizeBytes: bytes, etag } of parts ?? [])
      if (bytes === partLength(sizeBytes, partSizeBytes, partNumber - 1)) etags[partNumber - 1] = etag;
    if (parts !== undefined) return { uploadId: begun.uploadId, etags };
    await target.abortUpload(targetKey, begun.uploadId, signal);
  }
  const { uploadId } = await target.createUpload(targetKey, { ...write, signal });
  await record.save({ uploadId, sourceEtag, partSizeBytes });
  return { uploadId, etags };
}

async function moveParts(
  link: Link,
  { targetKey, sizeBytes, partSizeBytes, readPart, partSha256, readsAll }: MultipartOptions,
  uploadId: string,
  etags: (string | undefined)[],
): Promise<void> {
  const { target, gate, memory, signal, onBytes } = link;
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  const movePart = async (index: number): Promise<void> => {
    const isThere = etags[index] !== undefined;
    const body = await readPart(index, isThere);
    if (!isThere && failures.length === 0)
      etags[index] = await gate.run(
        () => target.uploadPart(targetKey, uploadId, index + 1, body, { sha256: partSha256?.[index], signal }),
        signal,
      );
    onBytes(body.length);
  };
  for (let index = 0; index < etags.length && failures.length === 0; index++) {
    const bytes = partLength(sizeBytes, partSizeBytes, index);
    if (etags[index] !== undefined && !readsAll) {
      onBytes(bytes);
      continue;
    }
    await memory.acquire(bytes, signal).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) break;
    const work: Promise<void> = movePart(index)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        memory.release(bytes);
        underWay.delete(work);
      });
    underWay.add(work);
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
