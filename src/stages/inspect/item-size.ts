import { BACKSLASH, decodeString } from '../../model/json-bytes.ts';

/*
 * Sizes as DynamoDB counts them, "DynamoDB item sizes and formats"
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
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
const POINT = 0x2e;
const MINUS = 0x2d;
const EXPONENT = 0x65;

/**
 * One byte for two significant digits, and one more; zeros at either end do not count. DynamoDB Local, whose sizes the tests compare with, takes digits in
 * pairs from the decimal point on, so that 1.5 has two pairs, and one byte more for a negative number; the guide leaves that to "approximately".
 */
export function numberSize(bytes: Buffer, start: number, end: number): number {
  let exponent = 0;
  let digits = 0;
  let first = -1;
  let last = -1;
  let whole = -1;
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c === POINT) whole = digits;
    else if (c >= ZERO && c <= NINE) {
      if (c !== ZERO) {
        if (first < 0) first = digits;
        last = digits;
      }
      digits++;
    } else if ((c | 0x20) === EXPONENT) {
      exponent = Number(bytes.toString('latin1', i + 1, end));
      break;
    }
  }
  if (first < 0) return 1;
  // The power of ten of the first digit written, from which those of the first and last significant ones follow.
  const units = exponent + (whole < 0 ? digits : whole) - 1;
  const pairs = Math.floor((units - first) / 2) - Math.floor((units - last) / 2) + 1;
  return pairs + 1 + (bytes[start] === MINUS ? 1 : 0);
}
