import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/model/byte-writer.ts';

describe('ByteWriter', () => {
  it('holds what was written since the last take; what was taken never changes', () => {
    const step = fc.oneof(
      fc.record({ copy: fc.string({ unit: 'grapheme', maxLength: 300 }) }),
      fc.record({ byte: fc.nat(255) }),
      fc.record({ ascii: fc.string({ unit: 'grapheme-ascii', maxLength: 200 }) }),
      fc.record({ json: fc.string({ unit: 'binary', maxLength: 100 }) }),
      fc.record({ truncate: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
        const writer = new ByteWriter(size);
        let expected: Buffer = Buffer.alloc(0);
        const taken: [Buffer, Buffer][] = [];
        const add = (more: Buffer): void => void (expected = Buffer.concat([expected, more]));
        for (const one of steps) {
          if (one === 'take') {
            taken.push([writer.take(), expected]);
            expected = Buffer.alloc(0);
          } else if ('copy' in one) {
            const text = Buffer.from(`<<${one.copy}>>`);
            writer.copy(text, 2, text.length - 2);
            add(Buffer.from(one.copy));
          } else if ('byte' in one) {
            writer.byte(one.byte);
            add(Buffer.from([one.byte]));
          } else if ('ascii' in one) {
            writer.ascii(one.ascii);
            add(Buffer.from(one.ascii));
          } else if ('json' in one) {
            writer.jsonString(one.json);
            add(Buffer.from(JSON.stringify(one.json)));
          } else {
            const length = Math.floor(one.truncate * expected.length);
            writer.truncate(length);
            expected = expected.subarray(0, length);
          }
          expect(writer.length).toBe(expected.length);
          expect(writer.peek().equals(expected)).toBe(true);
        }
        for (const [got, was] of taken) expect(got.equals(was)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('does not give back more than it has', () => {
    const writer = new ByteWriter();
    writer.ascii('abc');
    expect(() => writer.truncate(4)).toThrow(RangeError);
  });
});
