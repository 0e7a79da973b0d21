import { compareKeys } from '../../../s3/compare-keys.ts';
import { classEnd, LAST_POINT, pointBetween } from './code-points.ts';

/** The first key in (after, until], or undefined where there is none. Keys are what stands behind a prefix. */
export type Probe = (after: string, until: string | undefined) => Promise<string | undefined>;

/** A range of keys in which something is to be split off; `until` is undefined where it has no end. */
export interface SplitBounds {
  after: string;
  until: string | undefined;
}

/** Where to split: keys behind `at` are there. Without `at` no place was found. Behind `ceiling` nothing was found. */
export interface Split {
  at: string | undefined;
  ceiling: string | undefined;
}

/** Some search of a common beginning of a hundred characters, and then of a character, ends well before. */
const PROBES_MAX = 40;
const LAST = String.fromCodePoint(LAST_POINT);
/** S3 refuses a longer start-after, prefix included. */
const PLACE_BYTES_MAX = 1024;

/**
 * Looks for a place about half-way through the keys of a range, of which nothing is known but where they begin, by asking for the first key behind some places. Keys
 * mostly have long beginnings in common, so it first looks for the character at which they begin to differ: behind "all that begins with the first n characters of the
 * first key" there is something, or there is nothing. Then it halves what that character may be.
 *
 * What it finds only decides how well work is shared: a range may be split anywhere.
 */
export async function findSplit(bounds: SplitBounds, prefixBytes: number, probe: Probe): Promise<Split> {
  const low = Array.from(bounds.after);
  let ceiling = bounds.until;
  let at: string | undefined;
  /** Keys of the range are known to differ from `low` before this index. */
  let depthMax = low.length + 1;
  let step = 1;
  for (let probes = 0; probes < PROBES_MAX; probes++) {
    const common = commonLength(low, ceiling);
    const isOpen = highPoint(ceiling, common) >= LAST_POINT;
    const isDeep = isOpen && common < low.length && common + 1 < depthMax;
    const depth = Math.min(common + step, depthMax - 1, low.length);
    const place = isDeep ? low.slice(0, depth).join('') + LAST : placeBetween(low, common, ceiling);
    if (place === undefined || !isWithin(place, bounds.after, ceiling)) break;
    if (prefixBytes + Buffer.byteLength(place) > PLACE_BYTES_MAX) break;
    const key = await probe(place, ceiling);
    if (key === undefined) {
      ceiling = place;
      step *= 2;
      continue;
    }
    at = place;
    if (!isDeep) break;
    depthMax = commonLength(low, key) + 1;
    step = Math.max(1, (depthMax - common) >> 1);
  }
  return { at, ceiling };
}

/** A place between, where `low` and the ceiling have so many code points in common. */
function placeBetween(low: readonly string[], common: number, ceiling: string | undefined): string | undefined {
  const lowPoint = common < low.length ? (low[common].codePointAt(0) ?? -1) : -1;
  const high = highPoint(ceiling, common);
  const point = high >= LAST_POINT ? classEnd(lowPoint) : pointBetween(lowPoint, high);
  if (point !== undefined && point < high) return low.slice(0, common).join('') + String.fromCodePoint(point);
  // Neighbours: what begins as `low` does comes before all the rest.
  return common < low.length ? low.slice(0, common + 1).join('') + LAST : undefined;
}

function isWithin(place: string, after: string, ceiling: string | undefined): boolean {
  return compareKeys(place, after) > 0 && (ceiling === undefined || compareKeys(place, ceiling) < 0);
}

/** The code point at an index; LAST_POINT where there is no ceiling. */
function highPoint(ceiling: string | undefined, index: number): number {
  if (ceiling === undefined) return LAST_POINT;
  return Array.from(ceiling)[index]?.codePointAt(0) ?? -1;
}

function commonLength(low: readonly string[], other: string | undefined): number {
  if (other === undefined) return 0;
  let length = 0;
  for (const point of other) {
    if (low[length] !== point) break;
    length++;
  }
  return length;
}
