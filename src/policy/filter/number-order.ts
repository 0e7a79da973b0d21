import { compareNumbers } from '../../model/number.ts';
import type { LocatedValue } from './located-value.ts';

const MINUS = 0x2d;
const ZERO = 0x30;
/** Any whole number of this many digits is exact as a double. */
const EXACT_DIGITS = 15;

/** Orders two numbers by value, exactly: negative, zero or positive. */
export function compareLocatedNumbers(a: LocatedValue, b: LocatedValue): number {
  const x = smallInteger(a.bytes, a.start, a.end);
  const y = smallInteger(b.bytes, b.start, b.end);
  // NaN where one is not a plain small integer, which most numbers in most tables are.
  const difference = x - y;
  if (!Number.isNaN(difference)) return difference;
  return compareNumbers(a.bytes.toString('latin1', a.start, a.end), b.bytes.toString('latin1', b.start, b.end));
}

/** The number where it is a whole one of few digits; NaN otherwise. Builds no string. */
function smallInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (end === first || end - first > EXACT_DIGITS) return NaN;
  let value = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
