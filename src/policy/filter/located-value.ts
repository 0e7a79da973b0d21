import { newValueRange, readValue, type ValueRange } from '../../model/attribute.ts';
import { BACKSLASH, decodeString } from '../../model/json-bytes.ts';
import type { AttributeValue } from './attribute-value.ts';

/** An attribute value where it lies: an item's page, a constant of the filter, or the result of size(). */
export interface LocatedValue extends ValueRange {
  bytes: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** A LocatedValue to read into. */
export function newLocatedValue(): LocatedValue {
  return { ...newValueRange(), bytes: NOTHING };
}

/** Reads the attribute value whose `{` is at `at`. */
export function locate(bytes: Buffer, at: number, into: LocatedValue): LocatedValue {
  into.bytes = bytes;
  readValue(bytes, at, into);
  return into;
}

/** The constant as if it stood in an item. */
export function locateConstant(value: AttributeValue): LocatedValue {
  return locate(Buffer.from(JSON.stringify(value)), 0, newLocatedValue());
}

/** Up to how many bytes a loop is faster than calling the native search. */
const SHORT = 64;

/** Whether a JSON string has escapes. Without, its bytes are its UTF-8. */
export function hasEscapes(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT) return bytes.subarray(start, end).includes(BACKSLASH);
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

/** A JSON string's content in UTF-8. */
export function utf8Of(bytes: Buffer, start: number, end: number): Buffer {
  return hasEscapes(bytes, start, end)
    ? Buffer.from(decodeString(bytes, start, end), 'utf8')
    : bytes.subarray(start, end);
}

/** The bytes that base64 in a JSON string stands for; a JSON writer may escape its slashes. */
export function binaryOf(bytes: Buffer, start: number, end: number): Buffer {
  return Buffer.from(utf8Of(bytes, start, end).toString('latin1'), 'base64');
}

/** What DynamoDB orders by and searches in: UTF-8 of a string, the bytes of a binary value. */
export function contentOf({ type, bytes, start, end }: LocatedValue): Buffer {
  return type === 'B' ? binaryOf(bytes, start, end) : utf8Of(bytes, start, end);
}

/** Whether both ranges hold the same bytes. */
export function sameBytes(a: LocatedValue, b: LocatedValue): boolean {
  const length = a.end - a.start;
  if (length !== b.end - b.start) return false;
  if (length > SHORT) return a.bytes.compare(b.bytes, b.start, b.end, a.start, a.end) === 0;
  for (let i = 0; i < length; i++) if (a.bytes[a.start + i] !== b.bytes[b.start + i]) return false;
  return true;
}
