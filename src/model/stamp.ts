import { newValueRange, readValue } from './attribute.ts';
import type { ByteWriter } from './byte-writer.ts';
import { MalformedJson, decodeString } from './json-bytes.ts';
import type { ItemView } from './item.ts';
import { compareNumbers, isNumber } from './number.ts';

/** How a version is kept: as a number, or as text. */
type VersionType = 'N' | 'S';

/**
 * Who made a write, and with which version: of two writes of one item the one with the greater stamp wins, at both sites. Stamps are in a total order, so it does
 * not matter in which order writes arrive, nor how often.
 */
export interface Stamp {
  type: VersionType;
  version: string;
  /** The name of the region in which the write was made. */
  origin: string;
}

/**
 * Negative, zero or positive: by version, as DynamoDB compares numbers and texts, then by the bytes of the origin. Versions of different types are in an order,
 * too (numbers first), so that sites that disagree about the type still end equal.
 */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.type !== b.type) return a.type === 'N' ? -1 : 1;
  const byVersion = a.type === 'N' ? compareNumbers(a.version, b.version) : compareTexts(a.version, b.version);
  return byVersion === 0 ? compareTexts(a.origin, b.origin) : byVersion;
}

/** Of two changes of one item, a delete of the same stamp is the greater. */
export function compareChanges(a: { stamp: Stamp; deletes: boolean }, b: { stamp: Stamp; deletes: boolean }): number {
  return compareStamps(a.stamp, b.stamp) || Number(a.deletes) - Number(b.deletes);
}

/** By UTF-8, as DynamoDB compares strings. */
function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The stamp as lines of change objects and dead letters have it: `{"v":{"N":"…"},"o":{"S":"…"}}`. */
export function writeStamp({ type, version, origin }: Stamp, out: ByteWriter): void {
  out.ascii(`{"v":{"${type}":`);
  out.jsonString(version);
  out.ascii('},"o":{"S":');
  out.jsonString(origin);
  out.ascii('}}');
}

/** Reads what writeStamp wrote, in whatever order. Throws MalformedJson where it is no stamp. */
export function readStamp(bytes: Buffer, start: number, end: number): Stamp {
  let found: { v?: Record<string, unknown>; o?: Record<string, unknown> } | null;
  try {
    found = JSON.parse(bytes.toString('utf8', start, end)) as typeof found;
  } catch {
    throw new MalformedJson('a stamp cannot be read', start);
  }
  const stamp = stampOf(found?.v, found?.o);
  if (stamp === undefined) throw new MalformedJson('a stamp lacks its version or origin', start);
  return stamp;
}

/** The stamp of two parsed values; undefined where one is missing or of another type. */
export function stampOf(
  version: Record<string, unknown> | undefined,
  origin: Record<string, unknown> | undefined,
): Stamp | undefined {
  const text = origin?.['S'];
  if (typeof text !== 'string') return undefined;
  const { N: number, S: string } = version ?? {};
  if (typeof number === 'string' && isNumber(number)) return { type: 'N', version: number, origin: text };
  return typeof string === 'string' ? { type: 'S', version: string, origin: text } : undefined;
}

/** A stamp whose parts are values as a condition takes them: `{ N: '1' }` and `{ S: 'us-west-2' }`. */
export function stampValues({ type, version, origin }: Stamp): { v: Record<string, string>; o: { S: string } } {
  return { v: { [type]: version }, o: { S: origin } };
}

/** The attributes in which an application keeps an item's stamp. */
export interface StampAttributes {
  version: string;
  origin: string;
}

/** Takes stamps out of items that have them in two attributes of their own. Items must be read with a name table that has both names. */
export class AttributeStamps {
  readonly #attributes: StampAttributes;
  readonly #range = newValueRange();

  constructor(attributes: StampAttributes) {
    this.#attributes = attributes;
  }

  /** The item's stamp, or the name of the attribute that is missing or of a wrong type. */
  read(item: ItemView): Stamp | { unfit: string } {
    const { version, origin } = this.#attributes;
    const versionAt = item.indexOf(item.names.idOf(version));
    if (versionAt < 0) return { unfit: version };
    const { type, start, end } = readValue(item.bytes, item.valueStart[versionAt], this.#range);
    if (type !== 'N' && type !== 'S') return { unfit: version };
    const text = decodeString(item.bytes, start, end);
    const originAt = item.indexOf(item.names.idOf(origin));
    if (originAt < 0) return { unfit: origin };
    const by = readValue(item.bytes, item.valueStart[originAt], this.#range);
    if (by.type !== 'S') return { unfit: origin };
    return { type, version: text, origin: decodeString(item.bytes, by.start, by.end) };
  }
}
