import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenPartSize, isLayout, partSizeCandidates, PARTS_MAX } from '../../../src/stages/transfer/part-layout.ts';

const MiB = 1024 * 1024;
const TiB = 1024 ** 4;
const size = fc.oneof(fc.integer({ min: 1, max: 200 * MiB }), fc.integer({ min: 1, max: 5 * TiB }));

describe('the size of parts', () => {
  it('is a multiple of 5 MiB with which S3 takes the object, up to 5 TiB', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 1000 }), (bytes, asked) => {
        const part = chosenPartSize(bytes, asked * MiB);
        expect(part % (5 * MiB)).toBe(0);
        expect(part).toBeGreaterThanOrEqual(asked * MiB);
        expect(Math.ceil(bytes / part)).toBeLessThanOrEqual(PARTS_MAX);
      }),
    );
    expect(chosenPartSize(5 * TiB)).toBe(525 * MiB);
    expect(chosenPartSize(1)).toBe(5 * MiB);
  });

  it('of a source is among the guesses where it is a usual one', () => {
    const usual = fc.constantFrom(5, 8, 10, 16, 64, 100, 128, 512);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 * MiB }), usual, (bytes, mebibytes) => {
        const part = mebibytes * MiB;
        const count = Math.ceil(bytes / part);
        if (count < 2) return;
        expect(partSizeCandidates(bytes, count)).toContain(part);
      }),
    );
  });

  it('is guessed as nothing that does not give the number of parts', () => {
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: PARTS_MAX }), (bytes, count) => {
        for (const part of partSizeCandidates(bytes, count)) {
          expect(Math.ceil(bytes / part)).toBe(count);
          expect(isLayout(bytes, part)).toBe(true);
        }
      }),
    );
  });
});
