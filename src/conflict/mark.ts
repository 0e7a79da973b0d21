import { ItemView, NameTable } from '../model/item.ts';
import { contentDigest } from '../model/item-digest.ts';
import { CanonicalWriter } from '../model/canonical.ts';
import { stampOf, type Stamp } from '../model/stamp.ts';

/** The attribute of ours that items have in managed mode. */
export const MARK = '_dynaferry';

/** What dynaferry notes in an item of itself. */
export interface Mark {
  stamp: Stamp;
  /** Digest of the item's content without the mark, base64; undefined in a mark before our delete. */
  digest: string | undefined;
  /** Whether the item is about to be deleted by us. */
  deletes: boolean;
  /** Whether we put the item back in place of something older. */
  isBack: boolean;
}

/** The version counts microseconds; greater ones no clock gives, and a number of JavaScript does not hold. */
function isClockTime({ type, version }: Stamp): boolean {
  return type === 'N' && /^\d{1,16}$/.test(version) && Number.isSafeInteger(Number(version));
}

/** The mark as a value of DynamoDB JSON. */
export function markJson({ stamp, digest, deletes, isBack }: Mark): Buffer {
  return Buffer.from(
    JSON.stringify({
      M: {
        v: { N: stamp.version },
        o: { S: stamp.origin },
        ...(digest !== undefined && { h: { B: digest } }),
        ...(deletes && { d: { BOOL: true } }),
        ...(isBack && { r: { BOOL: true } }),
      },
    }),
  );
}

/** Reads a value of DynamoDB JSON; undefined where it is no mark, whoever wrote it. */
function readMark(bytes: Buffer, start: number, end: number): Mark | undefined {
  const { M: map } = JSON.parse(bytes.toString('utf8', start, end)) as { M?: Record<string, Record<string, unknown>> };
  const stamp = stampOf(map?.['v'], map?.['o']);
  if (map === undefined || stamp === undefined || !isClockTime(stamp)) return undefined;
  const digest = map['h']?.['B'];
  return {
    stamp,
    digest: typeof digest === 'string' ? digest : undefined,
    deletes: map['d']?.['BOOL'] === true,
    isBack: map['r']?.['BOOL'] === true,
  };
}

const OPEN = Buffer.from('{');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from('}');
const NAME = Buffer.from(`"${MARK}":`);

/** Reads, writes and checks marks of whole items. */
export class Marker {
  readonly #canonical = new CanonicalWriter();
  readonly #view = new ItemView(new NameTable([MARK]));

  /** The mark of an item that was read with a name table that has MARK. */
  read(item: ItemView): Mark | undefined {
    const index = item.indexOf(item.names.idOf(MARK));
    return index < 0 ? undefined : readMark(item.bytes, item.valueStart[index], item.valueEnd[index]);
  }

  /** The same as bytes, whatever it is; undefined where the item lacks the attribute. */
  bytesOf(item: ItemView): Buffer | undefined {
    const index = item.indexOf(item.names.idOf(MARK));
    return index < 0 ? undefined : item.bytes.subarray(item.valueStart[index], item.valueEnd[index]);
  }

  /** The digest of an item's content without its mark, base64. */
  digest(item: ItemView): string {
    const id = item.names.idOf(MARK);
    return contentDigest(this.#canonical.write(item, new Set([id]))).toString('base64');
  }

  /** Reads an item of which only the bytes are at hand; valid until the next call. */
  view(bytes: Buffer, start = 0): ItemView {
    this.#view.read(bytes, start);
    return this.#view;
  }

  /** The item with another mark, or with one, as an item of its own. */
  marked(item: ItemView, mark: Mark): Buffer {
    const parts: Buffer[] = [];
    const id = item.names.idOf(MARK);
    for (let i = 0; i < item.count; i++)
      if (item.nameId[i] !== id) parts.push(item.bytes.subarray(item.nameStart[i] - 1, item.valueEnd[i]), COMMA);
    return Buffer.concat([OPEN, ...parts, NAME, markJson(mark), CLOSE]);
  }
}
