import { withRetry } from '../../aws/retry.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { Pacer } from '../../engine/pacer.ts';
import type { Semaphore } from '../../engine/semaphore.ts';
import { DynaferryError } from '../../model/errors.ts';
import { isGone, type S3Bucket } from '../../s3/bucket.ts';
import type { DataObject } from '../../staging/commit-log.ts';
import { sha256Hex } from '../../staging/data-object.ts';

export interface ObjectCopierOptions {
  source: S3Bucket;
  target: S3Bucket;
  ledger: Ledger;
  bandwidth: Pacer;
  connections: Semaphore;
  onBytes: (bytes: number) => void;
  onRetry: () => void;
  signal: AbortSignal;
}

/** How often a part is read again that does not have its checksum, before the staged object itself is held to be damaged. */
const DAMAGED_READS_MAX = 3;

/**
 * Copies data objects part by part from bucket to bucket, through memory. Every read is bound to the version of the object that was committed, every
 * part is checked against its SHA-256 when it comes in, and the same SHA-256 is signed into the request that sends it on, so the target
 * refuses a part that arrives different.
 */
export class ObjectCopier {
  readonly #options: ObjectCopierOptions;

  constructor(options: ObjectCopierOptions) {
    this.#options = options;
  }

  /** Resolves with the target object's ETag when it is whole there. */
  async copy(
    seq: number,
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<string> {
    const { target, signal } = this.#options;
    const there = await target.head(targetKey, signal);
    if (there?.sizeBytes === object.sizeBytes && there.metadata['dynaferry-sha256'] === object.sha256)
      return there.etag;
    if (object.partSha256.length === 1) await this.#copyWhole(object, sourceKey, targetKey, metadata);
    else await this.#copyParts(seq, object, sourceKey, targetKey, metadata);
    return this.#arrived(object, targetKey);
  }

  async #copyWhole(
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<void> {
    const { connections, target, signal, onBytes } = this.#options;
    await connections.run(async () => {
      const body = await this.#readPart(object, sourceKey, 0);
      await target.put(targetKey, body, { sha256: object.partSha256[0], metadata, signal });
      onBytes(body.length);
    }, signal);
  }

  async #copyParts(
    seq: number,
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<void> {
    const { connections, target, signal, onBytes } = this.#options;
    const { uploadId, etags } = await this.#openUpload(seq, object, targetKey, metadata);
    const missing = object.partSha256.map((_, index) => index).filter((index) => etags[index] === undefined);
    onBytes((object.partSha256.length - missing.length) * object.partSizeBytes);
    // After a failure no part is begun any more, and those under way end before it is told: nothing goes on behind the caller's back.
    const failures: unknown[] = [];
    const copyPart = async (index: number): Promise<void> => {
      if (failures.length > 0) return;
      const body = await this.#readPart(object, sourceKey, index);
      etags[index] = await target.uploadPart(targetKey, uploadId, index + 1, body, {
        sha256: object.partSha256[index],
        signal,
      });
      onBytes(body.length);
    };
    await Promise.all(
      missing.map((index) =>
        connections.run(() => copyPart(index), signal).catch((error: unknown) => failures.push(error)),
      ),
    );
    if (failures.length > 0) throw failures[0];
    const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag: etag ?? '' }));
    try {
      await target.completeUpload(targetKey, uploadId, parts, signal);
    } catch (error) {
      // A lost answer leaves the upload gone and the object there, which #arrived looks for.
      if (!isGone(error)) throw error;
    }
  }

  /** Goes on with the upload that was begun for this version of the object, or begins one. `etags` holds the parts that are there. */
  async #openUpload(
    seq: number,
    object: DataObject,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<{ uploadId: string; etags: (string | undefined)[] }> {
    const { target, ledger, signal } = this.#options;
    const etags = Array.from<string | undefined>({ length: object.partSha256.length });
    const begun = ledger.upload(seq);
    if (begun !== undefined) {
      const parts =
        begun.sourceEtag === object.etag ? await target.listParts(targetKey, begun.uploadId, signal) : undefined;
      for (const part of parts ?? [])
        if (part.sizeBytes === partLength(object, part.partNumber - 1)) etags[part.partNumber - 1] = part.etag;
      if (parts !== undefined) return { uploadId: begun.uploadId, etags };
      await target.abortUpload(targetKey, begun.uploadId, signal);
    }
    const { uploadId } = await target.createUpload(targetKey, { metadata, signal });
    ledger.setUpload(seq, uploadId, object.etag);
    return { uploadId, etags };
  }

  async #readPart(object: DataObject, sourceKey: string, index: number): Promise<Buffer> {
    const { source, bandwidth, signal, onRetry } = this.#options;
    const start = index * object.partSizeBytes;
    const end = start + partLength(object, index);
    for (let reads = 1; ; reads++) {
      await bandwidth.acquire(end - start, signal);
      const { body } = await source.get(sourceKey, { range: { start, end }, ifMatch: object.etag, signal });
      bandwidth.settle(end - start, body.length);
      if (sha256Hex(body) === object.partSha256[index]) return body;
      onRetry();
      if (reads >= DAMAGED_READS_MAX)
        throw new DynaferryError(
          'DATA_DAMAGED',
          `${source.uri(sourceKey)} does not have the SHA-256 that it was committed with (part ${index + 1})`,
        );
    }
  }

  /** Believes no answer: asks the target what it has. */
  async #arrived(object: DataObject, targetKey: string): Promise<string> {
    const { target, signal, onRetry } = this.#options;
    const there = await withRetry(
      async () => {
        const info = await target.head(targetKey, signal);
        if (info === undefined)
          throw new DynaferryError('SERVICE_FAILED', `${target.uri(targetKey)} was accepted and is not there`);
        return info;
      },
      { policy: { attemptsMax: 4, delayMsBase: 200, delayMsMax: 2000 }, signal, onRetry },
    );
    if (there.sizeBytes !== object.sizeBytes || there.metadata['dynaferry-sha256'] !== object.sha256)
      throw new DynaferryError(
        'DATA_DAMAGED',
        `${target.uri(targetKey)} is not what was sent: ${there.sizeBytes} bytes instead of ${object.sizeBytes}`,
      );
    return there.etag;
  }
}

function partLength(object: DataObject, index: number): number {
  return Math.min(object.partSizeBytes, object.sizeBytes - index * object.partSizeBytes);
}
