import { compareNumbers } from '../../model/number.ts';
import type { LocatedValue } from './located-value.ts';

const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** A number written as digits with at most one dot, as ranges of its bytes. Zeros that carry no value are left out, so zero has no digits at all. */
interface PlainDecimal {
  bytes: Buffer;
  /** -1, 0 or 1. */
  sign: number;
  wholeStart: number;
  wholeEnd: number;
  fractionStart: number;
  fractionEnd: number;
}

const newPlainDecimal = (): PlainDecimal => ({
  bytes: Buffer.alloc(0),
  sign: 0,
  wholeStart: 0,
  wholeEnd: 0,
  fractionStart: 0,
  fractionEnd: 0,
});
/** Read into again and again: a comparison builds nothing. */
const left = newPlainDecimal();
const right = newPlainDecimal();

/** Orders two numbers by value, exactly: negative, zero or positive. */
export function compareLocatedNumbers(a: LocatedValue, b: LocatedValue): number {
  // DynamoDB writes all numbers plainly; exponents come from elsewhere, such as the filter itself.
  if (readPlain(a, left) && readPlain(b, right)) {
    if (left.sign !== right.sign) return left.sign - right.sign;
    return left.sign * compareMagnitudes(left, right);
  }
  return compareNumbers(a.bytes.toString('latin1', a.start, a.end), b.bytes.toString('latin1', b.start, b.end));
}

function readPlain({ bytes, start, end }: LocatedValue, into: PlainDecimal): boolean {
  const negative = bytes[start] === MINUS;
  let from = negative ? start + 1 : start;
  let dot = end;
  for (let i = from; i < end; i++) {
    const c = bytes[i];
    if (c >= ZERO && c <= NINE) continue;
    if (c !== DOT || dot < end) return false;
    dot = i;
  }
  if (end - from <= (dot < end ? 1 : 0)) return false;
  let to = end;
  while (from < dot && bytes[from] === ZERO) from++;
  while (to > dot + 1 && bytes[to - 1] === ZERO) to--;
  into.bytes = bytes;
  into.wholeStart = from;
  into.wholeEnd = dot;
  into.fractionStart = Math.min(dot + 1, to);
  into.fractionEnd = to;
  const zero = from === dot && into.fractionStart === to;
  into.sign = zero ? 0 : negative ? -1 : 1;
  return true;
}

function compareMagnitudes(a: PlainDecimal, b: PlainDecimal): number {
  const wholeDigits = a.wholeEnd - a.wholeStart;
  const difference = wholeDigits - (b.wholeEnd - b.wholeStart);
  if (difference !== 0) return difference;
  for (let i = 0; i < wholeDigits; i++) {
    const digits = a.bytes[a.wholeStart + i] - b.bytes[b.wholeStart + i];
    if (digits !== 0) return digits;
  }
  const fractionDigits = a.fractionEnd - a.fractionStart;
  const otherDigits = b.fractionEnd - b.fractionStart;
  for (let i = 0; i < fractionDigits && i < otherDigits; i++) {
    const digits = a.bytes[a.fractionStart + i] - b.bytes[b.fractionStart + i];
    if (digits !== 0) return digits;
  }
  return fractionDigits - otherDigits;
}
