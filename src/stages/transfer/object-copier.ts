import { hash } from 'node:crypto';
import { DynaferryError } from '../../model/errors.ts';
import { UNSIGNED_PAYLOAD, type ListedObject, type ObjectDetails } from '../../s3/object-info.ts';
import { confirmArrival } from './confirm-arrival.ts';
import type { ObjectSettings } from './copy-options.ts';
import { describeVersion } from './describe-version.ts';
import { etagForm, hidesDigest, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import { compositeEtag, transferInParts } from './multipart-transfer.ts';
import { isVersion, objectHeaders } from './object-headers.ts';
import { planObject, type ObjectPlan } from './object-plan.ts';
import { PART_BYTES_MIN } from './part-layout.ts';
import { readRange, type ObjectVersion } from './read-range.ts';
import { readSameAgain } from './read-same-again.ts';
import { RunningDigest } from './running-digest.ts';
import { alongTags, settleTags, tagsHeader } from './tags-header.ts';
import { noRecord, uploadRecord } from './upload-record.ts';

export interface ObjectCopierOptions {
  link: Link;
  settings: ObjectSettings;
  /** Asked for by the user. */
  partSizeBytes?: number;
  /** Of the parts that are held at once. */
  memoryBytes: number;
}

/** Whole in one request up to here: what a broken connection costs is bearable. */
const WHOLE_BYTES_MAX = 16 * 1024 * 1024;
/**
 * …and up to here where a connection takes no longer than this for it at its best, since a whole object has its MD5 for an ETag at both sides. What it takes just now would be a vicious circle on a
 * busy machine: objects in parts are digested here, which makes it busier.
 */
const WHOLE_BYTES_FAST_MAX = 256 * 1024 * 1024;
const WHOLE_SECONDS_MAX = 30;
/**
 * The source's own parts are kept as long as one takes no longer than this to send. Over a link that loses packets each takes one connection minutes, and whatever breaks
 * it costs all of it; then parts are as small as S3 takes them, and the target's ETag is not the source's any more.
 */
const PART_SECONDS_MAX = 20;
/** What is held whole, a part or an object, is at most so large that memory holds so many like it: others are to go on beside it. */
const HELD_AT_ONCE_MIN = 4;
/** How often an object is begun again that changes while it is read, or does not arrive as its ETag says. */
const ATTEMPTS_MAX = 5;
/** After so many arrivals that the ETag contradicts, it is the ETag that is doubted. */
const DAMAGED_MAX = 2;
const NO_UPLOAD = 'NoSuchUpload';

/** One side turns out to encrypt under KMS: its ETag says nothing, and the object is begun again before any of it is sent. */
class OtherCheckNeeded extends Error {}

/** What has been found out of an object while it was copied. */
interface Doubt {
  /** How often what arrived was not what the ETag says. */
  arrivals: number;
  /** Whether its parts are of another size than was guessed. */
  isGuessWrong: boolean;
}

/** Copies any object from bucket to bucket through memory, with all that belongs to it. What is not as the source has it never becomes an object at the target. */
export class ObjectCopier {
  readonly #options: ObjectCopierOptions;
  /** Of the connections to the source. */
  readonly #isTls: boolean;
  readonly #isTargetTls: boolean;
  /** Whether some of the source's ETags look like digests and are none. */
  #sourceHidesDigest = false;
  /** Whether the target's ETags are digests, as far as is known. */
  #targetTellsDigest: boolean;

  constructor(options: ObjectCopierOptions) {
    this.#options = options;
    this.#isTls = options.link.source.site.s3Url.startsWith('https:');
    this.#isTargetTls = options.link.target.site.s3Url.startsWith('https:');
    this.#targetTellsDigest = options.settings.encryption?.kind !== 'aws:kms';
  }

  /** Resolves with the bytes that were copied, or with undefined where the source has no such object any more. `statePrefix` is where the target's records lie. */
  async copy(listed: ListedObject, targetKey: string, statePrefix: string): Promise<number | undefined> {
    const { source, target, onRetry, signal } = this.#options.link;
    let version: ObjectVersion = listed;
    const doubt: Doubt = { arrivals: 0, isGuessWrong: false };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#copyVersion(version, targetKey, statePrefix, doubt);
        return version.sizeBytes;
      } catch (error) {
        if (error instanceof OtherCheckNeeded) continue;
        if (!(error instanceof DynaferryError) || !isTriedAgain(error)) throw error;
        // Another machine that runs the same copy has made the object of the upload meanwhile.
        const isGoneUpload = error.serviceCode === NO_UPLOAD;
        if (isGoneUpload && isVersion(await target.head(targetKey, signal), version)) return version.sizeBytes;
        const now = await source.head(version.key, signal);
        if (now === undefined) return undefined;
        if (attempt >= ATTEMPTS_MAX) throw error;
        if (error.code === 'DATA_DAMAGED') doubt.arrivals++;
        version = { key: version.key, etag: now.etag, sizeBytes: now.sizeBytes };
        onRetry();
      }
    }
  }

  async #copyVersion(version: ObjectVersion, targetKey: string, statePrefix: string, doubt: Doubt): Promise<void> {
    const { link, memoryBytes } = this.#options;
    const { gate, signal } = link;
    const fastBytesMax = Math.min(
      WHOLE_BYTES_FAST_MAX,
      memoryBytes / HELD_AT_ONCE_MIN,
      Math.min(gate.peakBytesPerSecond('in') ?? 0, gate.peakBytesPerSecond('out') ?? 0) * WHOLE_SECONDS_MAX,
    );
    const wholeBytesMax = Math.max(WHOLE_BYTES_MAX, fastBytesMax);
    if (version.sizeBytes === 0 || (version.sizeBytes <= wholeBytesMax && etagForm(version.etag).kind !== 'parts'))
      await gate.withBody('whole', () => this.#copyWhole(version, targetKey, distrustsEtag(doubt)), signal);
    else await this.#copyParts(version, targetKey, statePrefix, doubt);
  }

  async #copyWhole(version: ObjectVersion, targetKey: string, isDoubted: boolean): Promise<void> {
    const { link, settings } = this.#options;
    const { target, memory, gate, signal, onBytes } = link;
    const form = etagForm(version.etag);
    const comparesTwo = isDoubted || (!this.#isTls && (form.kind !== 'md5' || this.#sourceHidesDigest));
    // Both at once: who holds one and waits for another would wait for ever.
    const held = await memory.take(version.sizeBytes * (comparesTwo ? 2 : 1), signal);
    const body = held.subarray(0, version.sizeBytes);
    try {
      const read = await readRange(link, version, 0, body);
      const md5Hex = form.kind === 'md5' && !isDoubted && !hidesDigest(read.headers) ? form.md5Hex : undefined;
      if (md5Hex === undefined && (!this.#isTls || isDoubted)) {
        if (!comparesTwo) {
          this.#sourceHidesDigest = true;
          throw new OtherCheckNeeded();
        }
        await readSameAgain(link, version, 0, body, held.subarray(body.length));
      }
      const tags = await tagsHeader(link, settings, version.key, read.headers);
      // The target itself compares what arrives with the source's MD5; one whose ETag is another one may be of a kind that does not.
      const md5: Record<string, string> =
        md5Hex === undefined ? {} : { 'content-md5': Buffer.from(md5Hex, 'hex').toString('base64') };
      const write = (sourceEtag?: string): Promise<string> => {
        if (md5Hex !== undefined && !this.#targetTellsDigest) this.#checkRead(version, body, md5Hex);
        const record = sourceEtag === undefined ? undefined : { sourceEtag };
        const headers = { ...objectHeaders(read, settings, record), ...alongTags(tags), ...md5 };
        const isChecked = md5Hex !== undefined && (this.#targetTellsDigest || this.#isTargetTls);
        const sha256 = isChecked ? UNSIGNED_PAYLOAD : undefined;
        return gate.run('out', () => target.put(targetKey, body, { headers, sha256, signal }), signal);
      };
      const isComparable = md5Hex !== undefined && this.#targetTellsDigest;
      const etag = await write(isComparable ? undefined : version.etag);
      if (etag === '') await confirmArrival(link, targetKey, { sizeBytes: version.sizeBytes });
      // The bucket encrypts under KMS by itself: without a record the next comparison could not know the object again.
      else if (isComparable && !isSameEtag(etag, version.etag)) {
        this.#targetTellsDigest = false;
        await write(version.etag);
      }
      if (alongTags(tags) !== tags) await settleTags(target, targetKey, { headers: {} }, tags, signal);
      onBytes(version.sizeBytes);
    } finally {
      memory.give(held);
    }
  }

  async #copyParts(version: ObjectVersion, targetKey: string, statePrefix: string, doubt: Doubt): Promise<void> {
    const { link, settings } = this.#options;
    const { gate, target, signal } = link;
    const details = await describeVersion(link, version);
    const record =
      version.sizeBytes > PART_BYTES_MIN
        ? uploadRecord(link, statePrefix, { sourceKey: version.key, targetKey })
        : noRecord;
    const begun = await record.find();
    const begunBytes = begun?.sourceEtag === version.etag ? begun.partSizeBytes : undefined;
    const { partSizeBytes, check } = this.#plan(version, details, doubt, begunBytes);
    const digest = check === 'md5' ? new RunningDigest() : undefined;
    const mark = check === 'etag' ? undefined : { sourceEtag: version.etag, partSizeBytes };
    const sha256 = check === 'etag' ? UNSIGNED_PAYLOAD : undefined;
    const tags = await tagsHeader(link, settings, version.key, details.headers);
    const copiesHeld = check === 'twice' ? 2 : 1;
    let expectedEtag = '';
    await transferInParts(link, {
      targetKey,
      sourceEtag: version.etag,
      sizeBytes: version.sizeBytes,
      partSizeBytes,
      write: {
        headers: { ...objectHeaders(details, settings, mark), ...alongTags(tags) },
      },
      record,
      begun,
      movePart: async ({ uploadId, index, etag, buffer }) => {
        const body = buffer.subarray(0, buffer.length / copiesHeld);
        await this.#readPart(version, index * partSizeBytes, index, body, buffer.subarray(body.length), digest);
        if (etag !== undefined) return etag;
        return gate.run(
          'out',
          () => target.uploadPart(targetKey, uploadId, index + 1, body, { sha256, signal }),
          signal,
        );
      },
      movesAll: digest !== undefined,
      copiesHeld,
      onCreated: (headers) => {
        this.#targetTellsDigest &&= !hidesDigest(headers);
        if (check === 'etag' && !this.#targetTellsDigest) throw new OtherCheckNeeded();
      },
      beforeComplete: (etags) => {
        expectedEtag = compositeEtag(etags);
        const found = check === 'etag' ? expectedEtag : digest === undefined ? version.etag : digest.hex();
        if (isSameEtag(found, version.etag)) return;
        // Only AWS tells the size of the parts; what was guessed is not sent a second time to find out.
        if (check === 'etag' && details.headers['x-amz-mp-parts-count'] === undefined) doubt.isGuessWrong = true;
        throw new DynaferryError(
          'DATA_DAMAGED',
          `what was read of ${link.source.uri(version.key)} has another ETag than the object`,
        );
      },
      // What lies there is what was sent, and not what lay there before: where ETags are no digests, only the record can tell.
      isMade: async () => isVersion(await target.head(targetKey, signal), version, expectedEtag),
    });
    const there = await confirmArrival(link, targetKey, { sizeBytes: version.sizeBytes, etag: expectedEtag });
    await settleTags(target, targetKey, there, tags, signal);
  }

  #plan(version: ObjectVersion, { headers }: ObjectDetails, doubt: Doubt, begunBytes: number | undefined): ObjectPlan {
    const { link, memoryBytes, partSizeBytes } = this.#options;
    return planObject(version, {
      headers,
      targetTellsDigest: this.#targetTellsDigest,
      isTls: this.#isTls,
      isDoubted: distrustsEtag(doubt),
      isGuessWrong: doubt.isGuessWrong,
      partSizeBytes,
      partSizeBytesMax: memoryBytes / HELD_AT_ONCE_MIN,
      partSizeBytesFast: (link.gate.bytesPerSecond('out') ?? Infinity) * PART_SECONDS_MAX,
      begunBytes,
    });
  }

  async #readPart(
    version: ObjectVersion,
    start: number,
    index: number,
    body: Buffer,
    again: Buffer,
    digest: RunningDigest | undefined,
  ): Promise<void> {
    const { link } = this.#options;
    try {
      await readRange(link, version, start, body);
      if (again.length > 0) await readSameAgain(link, version, start, body, again);
      await digest?.add(index, body);
    } catch (error) {
      digest?.fail();
      throw error;
    }
  }

  /** Throws DATA_DAMAGED where what was read over a connection that protects nothing is not what the source's MD5 says. */
  #checkRead({ key }: ObjectVersion, body: Buffer, md5Hex: string): void {
    if (this.#isTls || hash('md5', body) === md5Hex) return;
    throw new DynaferryError(
      'DATA_DAMAGED',
      `what was read of ${this.#options.link.source.uri(key)} has another MD5 than the object`,
    );
  }
}

/** Whether it is the ETag by now that is not believed. */
function distrustsEtag({ arrivals }: Doubt): boolean {
  return arrivals >= DAMAGED_MAX;
}

/** What another attempt at the same object may settle. */
function isTriedAgain(error: DynaferryError): boolean {
  return (
    error.code === 'SOURCE_CHANGED' ||
    error.code === 'DATA_DAMAGED' ||
    error.code === 'OBJECT_NOT_FOUND' ||
    error.serviceCode === NO_UPLOAD
  );
}
