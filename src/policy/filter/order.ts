import { contentOf, hasEscapes } from './located-value.ts';
import { compareLocatedNumbers } from './number-order.ts';
import type { LocatedValue } from './located-value.ts';

/**
 * Orders two values as DynamoDB does: numbers by value, strings by their UTF-8 and binary by unsigned bytes.
 * NaN where they have no order, being of different types or of one that has none: every comparison with NaN is false, as it is in DynamoDB.
 */
export function orderValues(a: LocatedValue, b: LocatedValue): number {
  if (a.type !== b.type) return NaN;
  if (a.type === 'N') return compareLocatedNumbers(a, b);
  if (a.type === 'S' && !isEscaped(a) && !isEscaped(b)) return compareBytes(a, b);
  if (a.type === 'S' || a.type === 'B') return Buffer.compare(contentOf(a), contentOf(b));
  return NaN;
}

function isEscaped({ bytes, start, end }: LocatedValue): boolean {
  return hasEscapes(bytes, start, end);
}

/** In place; most texts differ early, where a native call would cost more than the loop. */
function compareBytes(a: LocatedValue, b: LocatedValue): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 0; i < length; i++) {
    const difference = a.bytes[a.start + i] - b.bytes[b.start + i];
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}
