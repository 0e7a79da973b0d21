import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../src/s3/compare-keys.ts';

/** Few characters, so that keys share beginnings; from each length of UTF-8, and from both sides of the surrogates. */
const key = fc
  .array(fc.constantFrom('a', 'b', '/', 'é', '中', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10000}', '\u{10ffff}'))
  .map((points) => points.join(''));

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 5000 },
    );
  });

  it('is that of what stands behind prefixes of any length', () => {
    fc.assert(
      fc.property(key, key, key, key, (a, b, left, right) => {
        expect(Math.sign(compareKeys(left + a, right + b, left.length, right.length))).toBe(
          Buffer.compare(Buffer.from(a), Buffer.from(b)),
        );
      }),
      { numRuns: 5000 },
    );
  });
});
