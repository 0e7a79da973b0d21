import type { AttributeType } from '../../model/attribute.ts';
import { canonicalNumber } from '../../model/number.ts';

/** A value in DynamoDB JSON; numbers stay decimal text and binary is base64. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

/** The value's type descriptor. */
export function typeOf(value: AttributeValue): AttributeType {
  return Object.keys(value)[0] as AttributeType;
}

/**
 * One form for a value, however it was written: numbers by value, members of sets and entries of maps in the order of their UTF-8 bytes.
 * DynamoDB holds two values to be equal exactly when their normalized forms are.
 */
export function normalize(value: AttributeValue): AttributeValue {
  if ('N' in value) return { N: canonicalNumber(value.N) };
  if ('NS' in value) return { NS: value.NS.map(canonicalNumber).sort(byUtf8) };
  if ('SS' in value) return { SS: value.SS.toSorted(byUtf8) };
  if ('BS' in value) return { BS: value.BS.toSorted(byUtf8) };
  if ('L' in value) return { L: value.L.map(normalize) };
  if ('M' in value) {
    const entries = Object.entries(value.M).sort(([a], [b]) => byUtf8(a, b));
    return { M: Object.fromEntries(entries.map(([name, inner]) => [name, normalize(inner)])) };
  }
  return value;
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
