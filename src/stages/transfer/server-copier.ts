import { DynaferryError } from '../../model/errors.ts';
import type { ListedObject, ObjectDetails } from '../../s3/object-info.ts';
import { COPY_BYTES_MAX, copyObject, copyPart, type CopySource } from '../../s3/server-copy.ts';
import type { ObjectSettings } from './copy-options.ts';
import { etagForm, hidesDigest, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import { compositeEtag, partLength, transferInParts } from './multipart-transfer.ts';
import { isVersion, objectHeaders } from './object-headers.ts';
import { alongTags, settleTags, tagsHeader } from './tags-header.ts';
import { chosenPartSize } from './part-layout.ts';
import { uploadRecord } from './upload-record.ts';

/** A part of a large object: the service copies some hundred megabytes a second. */
const PART_BYTES = 500 * 1024 * 1024;
const ATTEMPTS_MAX = 5;

/** Copies within the service where one credential reaches both buckets: no byte comes here, and it is the service that keeps them right. */
export class ServerCopier {
  readonly #link: Link;
  readonly #settings: ObjectSettings;
  /** Whether a plain object has the same ETag at the target, as far as is known. */
  #targetTellsDigest: boolean;

  constructor(link: Link, settings: ObjectSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#targetTellsDigest = settings.encryption === undefined;
  }

  /** Resolves with the bytes that were copied, or with undefined where the source has no such object any more. */
  async copy({ key }: ListedObject, targetKey: string, statePrefix: string): Promise<number | undefined> {
    const { source, onRetry, signal } = this.#link;
    for (let attempt = 1; ; attempt++) {
      const details = await source.head(key, signal);
      if (details === undefined) return undefined;
      const { etag, sizeBytes, headers } = details;
      const tags = await tagsHeader(this.#link, this.#settings, key, headers);
      const isWhole = sizeBytes <= COPY_BYTES_MAX;
      try {
        // The parts that the source was made of are not those of the copy: its ETag may be another one.
        const isDigest = etagForm(etag).kind === 'md5' && !hidesDigest(headers) && isWhole;
        const isComparable = isDigest && this.#targetTellsDigest;
        const written = {
          ...objectHeaders(details, this.#settings, isComparable ? undefined : { sourceEtag: etag }),
          ...alongTags(tags),
        };
        const version = { bucket: source.name, key, etag, requestPayer: source.site.requestPayer === true };
        await (isWhole
          ? this.#copyWhole(version, targetKey, sizeBytes, written)
          : this.#copyParts(version, targetKey, sizeBytes, written, statePrefix));
        const there = await this.#settle(targetKey, sizeBytes, tags);
        if (!isComparable || isSameEtag(there.etag, etag)) return sizeBytes;
        // The bucket encrypts under KMS by itself: without a record the next comparison could not know the object again.
        this.#targetTellsDigest = false;
      } catch (error) {
        if (!isTriedAgain(error) || attempt >= ATTEMPTS_MAX) throw error;
        onRetry();
      }
    }
  }

  async #copyWhole(
    version: CopySource,
    targetKey: string,
    sizeBytes: number,
    headers: Record<string, string>,
  ): Promise<void> {
    const { gate, target, signal, onBytes } = this.#link;
    await gate.run('out', () => copyObject(target, targetKey, version, headers, signal), signal);
    onBytes(sizeBytes);
  }

  async #copyParts(
    version: CopySource,
    targetKey: string,
    sizeBytes: number,
    headers: Record<string, string>,
    statePrefix: string,
  ): Promise<void> {
    const { gate, target, signal } = this.#link;
    const partSizeBytes = chosenPartSize(sizeBytes, PART_BYTES);
    const record = uploadRecord(this.#link, statePrefix, { sourceKey: version.key, targetKey });
    await transferInParts(this.#link, {
      targetKey,
      sourceEtag: version.etag,
      sizeBytes,
      partSizeBytes,
      write: { headers },
      record,
      begun: await record.find(),
      movePart: ({ uploadId, index }) => {
        const start = index * partSizeBytes;
        const range = { ...version, start, end: start + partLength(sizeBytes, partSizeBytes, index) };
        const part = { uploadId, partNumber: index + 1 };
        return gate.run('out', () => copyPart(target, targetKey, part, range, signal), signal);
      },
      movesAll: false,
      copiesHeld: 0,
      beforeComplete: () => undefined,
      isMade: async (etags) =>
        isVersion(await target.head(targetKey, signal), { etag: version.etag, sizeBytes }, compositeEtag(etags)),
    });
  }

  /** Believes no answer: asks the target what it has. */
  async #settle(targetKey: string, sizeBytes: number, tags: Record<string, string>): Promise<ObjectDetails> {
    const { target, signal } = this.#link;
    const there = await target.head(targetKey, signal);
    if (there?.sizeBytes !== sizeBytes)
      throw new DynaferryError('DATA_DAMAGED', `${target.uri(targetKey)} is not what was copied`);
    await settleTags(target, targetKey, there, tags, signal);
    return there;
  }
}

/** Where the source is another one or gone by now, or the upload is: what it is now is asked, and copied. */
function isTriedAgain(error: unknown): boolean {
  if (!(error instanceof DynaferryError)) return false;
  const { code, serviceCode } = error;
  return code === 'SOURCE_CHANGED' || code === 'OBJECT_NOT_FOUND' || serviceCode === 'NoSuchUpload';
}
