import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareSpans } from '../../src/s3/compare-spans.ts';

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const bytesOf = (values: Uint8Array): Buffer => Buffer.from(values);
// Few values, so that many begin alike.
const bytes = fc
  .uint8Array({ maxLength: 20 })
  .map((values) => bytesOf(values.map((value) => [0, 0x7f, 0x80, 0xff][value % 4])));

it('compares as Buffer.compare does, wherever the bytes stand', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, bytes, (common, a, b, before, behind) => {
      const [left, right] = [Buffer.concat([common, a]), Buffer.concat([common, b])];
      const [leftPage, rightPage] = [Buffer.concat([before, left, behind]), Buffer.concat([behind, right, before])];
      const order = compareSpans(
        viewOf(leftPage),
        before.length,
        before.length + left.length,
        viewOf(rightPage),
        behind.length,
        behind.length + right.length,
      );
      expect(Math.sign(order)).toBe(Buffer.compare(left, right));
    }),
    { numRuns: 2000 },
  );
});
