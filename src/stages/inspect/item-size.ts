import { BACKSLASH, decodeString } from '../../model/json-bytes.ts';

/*
 * Sizes as DynamoDB counts them, "DynamoDB item sizes and formats"
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). AWS calls its rule for numbers approximate.
 */

/** The largest item that DynamoDB holds. */
export const ITEM_BYTES_MAX = 400 * 1024;
/** A list or map, whatever it holds. */
export const CONTAINER_BYTES = 3;
/** Each element of a list and each entry of a map, besides its own size. */
export const MEMBER_BYTES = 1;
/** A BOOL or NULL. */
export const LITERAL_BYTES = 1;
/** What one write unit covers. */
export const WRITE_UNIT_BYTES = 1024;
/** What one read unit covers, read consistently; eventually consistent reads cost half. */
export const READ_UNIT_BYTES = 4096;

/** UTF-8 bytes of the text of a JSON string whose content is [start, end). */
export function textSize(bytes: Buffer, start: number, end: number): number {
  for (let i = start; i < end; i++)
    if (bytes[i] === BACKSLASH) return Buffer.byteLength(decodeString(bytes, start, end));
  return end - start;
}

const PADDING = 0x3d;

/** Raw bytes behind base64 text in [start, end). */
export function binarySize(bytes: Buffer, start: number, end: number): number {
  let digits = 0;
  // A JSON writer may escape the slashes of base64.
  for (let i = start; i < end; i++) if (bytes[i] !== BACKSLASH && bytes[i] !== PADDING) digits++;
  return Math.floor((digits * 3) / 4);
}

const ZERO = 0x30;
const NINE = 0x39;

/** One byte for every two significant digits, and one more; zeros at either end do not count. */
export function numberSize(bytes: Buffer, start: number, end: number): number {
  let significant = 0;
  let trailingZeros = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c === 0x65 || c === 0x45) break;
    if (c < ZERO || c > NINE) continue;
    if (c !== ZERO) {
      significant += trailingZeros + 1;
      trailingZeros = 0;
    } else if (significant > 0) trailingZeros++;
  }
  return Math.ceil(significant / 2) + 1;
}
