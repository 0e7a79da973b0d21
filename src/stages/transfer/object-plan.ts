import type { ObjectVersion } from './read-range.ts';
import { etagForm, hidesDigest } from './etag.ts';
import { PART_BYTES_MIN, chosenPartSize, isLayout, partSizeCandidates } from './part-layout.ts';

/**
 * How it is made sure that what arrived is what the source holds. Where it is not the target's own digest that says so, the SHA-256 of what was read is signed into
 * every request to the target.
 *
 * - `etag`: with the source's own parts the target's ETag is the source's, or the content is not: two services digest it, and we do not.
 * - `md5`: the source's ETag is the MD5 of the whole, which is computed on the way.
 * - `twice`: the source says nothing that could be compared and the connection protects nothing: every part is read twice.
 * - `tls`: the source says nothing that could be compared; TLS authenticates every byte on its way.
 */
type ContentCheck = 'etag' | 'md5' | 'twice' | 'tls';

export interface ObjectPlan {
  partSizeBytes: number;
  check: ContentCheck;
}

export interface PlanOptions {
  /** Of the HEAD of the source's first part, or of the source. */
  headers: Readonly<Record<string, string | undefined>>;
  /** Whether the target's ETags are digests. */
  targetTellsDigest: boolean;
  isTls: boolean;
  /** Whether what the source's ETag seems to say was contradicted before. */
  isDoubted: boolean;
  /** Whether the size of the source's parts was guessed before, and the guess contradicted: which is no damage. */
  isGuessWrong: boolean;
  partSizeBytes?: number;
  /** The largest part that is taken over from the source: it is held in memory. */
  partSizeBytesMax: number;
  /** What one connection sends in bearable time: larger parts are not taken over from the source. */
  partSizeBytesFast: number;
  /** Parts of an upload of this version that was begun before, and is gone on with. */
  begunBytes?: number;
}

/** Decides how an object is cut into parts, and how its content is checked. */
export function planObject(version: ObjectVersion, options: PlanOptions): ObjectPlan {
  const { headers, targetTellsDigest, isTls, isDoubted, isGuessWrong, partSizeBytesMax, partSizeBytesFast } = options;
  const begunBytes = wellBegun(version, options);
  const form = etagForm(version.etag);
  const tells = !isDoubted && !hidesDigest(headers);
  if (form.kind === 'parts' && tells && targetTellsDigest && !isGuessWrong) {
    const partSizeBytes = sourcePartSize(version, form.count, headers);
    const bytesMax = Math.min(partSizeBytesMax, Math.max(PART_BYTES_MIN, partSizeBytesFast));
    const fits = (bytes: number): boolean => (begunBytes === undefined ? bytes <= bytesMax : bytes === begunBytes);
    if (partSizeBytes !== undefined && fits(partSizeBytes)) return { partSizeBytes, check: 'etag' };
  }
  const partSizeBytes = begunBytes ?? chosenPartSize(version.sizeBytes, options.partSizeBytes);
  if (form.kind === 'md5' && tells && !isTls) return { partSizeBytes, check: 'md5' };
  return { partSizeBytes, check: isTls && !isDoubted ? 'tls' : 'twice' };
}

function wellBegun({ sizeBytes }: ObjectVersion, { begunBytes, partSizeBytesMax }: PlanOptions): number | undefined {
  if (begunBytes === undefined || begunBytes > partSizeBytesMax) return undefined;
  return isLayout(sizeBytes, begunBytes) ? begunBytes : undefined;
}

/** AWS says it in the HEAD of a part (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html); of other services it is guessed. */
function sourcePartSize(
  { sizeBytes }: ObjectVersion,
  count: number,
  headers: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const told = headers['x-amz-mp-parts-count'] === String(count) ? Number(headers['content-length']) : undefined;
  // The only part of an object may be smaller than any other.
  if (told !== undefined && count > 1) {
    // Parts of several sizes, as whoever joins objects makes them, make another number of parts.
    const isEven = Math.ceil(sizeBytes / told) === count;
    return isEven && isLayout(sizeBytes, told) ? told : undefined;
  }
  return partSizeCandidates(sizeBytes, count)[0];
}
