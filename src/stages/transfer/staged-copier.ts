import { withRetry } from '../../aws/retry.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { DataObject } from '../../staging/commit-log.ts';
import { sha256Hex } from '../../staging/data-object.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import type { Link } from './link.ts';
import { notWhole, transferInParts, type UploadRecord } from './multipart-transfer.ts';
import { readRange } from './read-range.ts';

/** How often a part is read again that does not have its checksum, before the staged object itself is held to be damaged. */
const DAMAGED_READS_MAX = 3;

/** Where multipart uploads under way are remembered, by the number of the object's commit. */
export interface UploadLog {
  upload(seq: number): { uploadId: string; sourceEtag: string } | undefined;
  setUpload(seq: number, uploadId: string, sourceEtag: string): void;
}

/**
 * Copies data objects from bucket to bucket, through memory. Every read is bound to the version of the object that was committed, every
 * part is checked against its SHA-256 when it comes in, and the same SHA-256 is signed into the request that sends it on, so the target
 * refuses a part that arrives different.
 */
export class StagedCopier {
  readonly #link: Link;
  readonly #uploads: UploadLog;

  constructor(link: Link, uploads: UploadLog) {
    this.#link = link;
    this.#uploads = uploads;
  }

  /** Copies the object of a commit from one layout to the other; resolves with what the target's commit is to say of it when it is whole there. */
  async carry(
    { seq, object, policyHash }: { seq: number; object: DataObject; policyHash: string },
    from: ExportLayout,
    to: ExportLayout,
  ): Promise<DataObject> {
    const metadata = {
      'dynaferry-sha256': object.sha256,
      'dynaferry-items': String(object.items),
      'dynaferry-policy': policyHash,
    };
    const etag = await this.copy(seq, object, from.root + object.key, to.root + object.key, metadata);
    return { ...object, etag };
  }

  /** Resolves with the target object's ETag when it is whole there. */
  async copy(
    seq: number,
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<string> {
    const { gate, target, signal } = this.#link;
    const there = await target.head(targetKey, signal);
    if (there?.sizeBytes === object.sizeBytes && there.metadata['dynaferry-sha256'] === object.sha256)
      return there.etag;
    if (object.partSha256.length === 1)
      await gate.withBody('whole', () => this.#copyWhole(object, sourceKey, targetKey, metadata), signal);
    else await this.#copyParts(seq, object, sourceKey, targetKey, metadata);
    return this.#arrived(object, targetKey);
  }

  async #copyWhole(
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<void> {
    const { gate, memory, target, signal, onBytes } = this.#link;
    const body = await memory.take(object.sizeBytes, signal);
    try {
      await this.#readPart(object, sourceKey, 0, body);
      await gate.run(
        'out',
        () => target.put(targetKey, body, { sha256: object.partSha256[0], metadata, signal }),
        signal,
      );
      onBytes(body.length);
    } finally {
      memory.give(body);
    }
  }

  async #copyParts(
    seq: number,
    object: DataObject,
    sourceKey: string,
    targetKey: string,
    metadata: Record<string, string>,
  ): Promise<void> {
    const { gate, target, signal } = this.#link;
    const { sizeBytes, partSizeBytes, etag } = object;
    const begun = this.#uploads.upload(seq);
    await transferInParts(this.#link, {
      targetKey,
      sourceEtag: etag,
      sizeBytes,
      partSizeBytes,
      write: { metadata },
      record: this.#record(seq),
      begun: begun && { ...begun, partSizeBytes },
      movePart: async ({ uploadId, index, buffer: body }) => {
        await this.#readPart(object, sourceKey, index, body);
        const sha256 = object.partSha256[index];
        return gate.run(
          'out',
          () => target.uploadPart(targetKey, uploadId, index + 1, body, { sha256, signal }),
          signal,
        );
      },
      movesAll: false,
      copiesHeld: 1,
      beforeComplete: () => undefined,
    });
  }

  #record(seq: number): UploadRecord {
    return {
      save: async ({ uploadId, sourceEtag }) => this.#uploads.setUpload(seq, uploadId, sourceEtag),
      // It goes with the entry of the object that has arrived.
      remove: async () => undefined,
    };
  }

  async #readPart(object: DataObject, sourceKey: string, index: number, body: Buffer): Promise<void> {
    const { source, onRetry } = this.#link;
    const start = index * object.partSizeBytes;
    const version = { key: sourceKey, etag: object.etag, sizeBytes: object.sizeBytes };
    for (let reads = 1; ; reads++) {
      await readRange(this.#link, version, start, body);
      if (sha256Hex(body) === object.partSha256[index]) return;
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
    const { target, signal, onRetry } = this.#link;
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
      throw notWhole(target.uri(targetKey), object.sizeBytes, there.sizeBytes);
    return there.etag;
  }
}
