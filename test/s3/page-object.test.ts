import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../src/s3/compare-keys.ts';
import { readListPage } from '../../src/s3/list-page.ts';
import type { ListedObject } from '../../src/s3/object-info.ts';
import { pageBuffers } from '../../src/s3/page-table.ts';
import { pageOf } from './page-of.ts';

const text = fc
  .array(fc.constantFrom('a', 'b', '/', '&', 'é', '\uffee', '😀', '\u{10ffff}', '\0'), { maxLength: 9 })
  .map((points) => points.join(''));
const etag = fc.constantFrom('', '"a"', '"b"', '"a&"', 'W/"a"', '"é"', '"0123456789abcdef-2"', '"0123456789abcdef-3"');
const listed = (more: Partial<ListedObject> = {}): ListedObject => ({
  key: 'k',
  sizeBytes: 5,
  etag: '"e"',
  lastModifiedMs: 1000,
  storageClass: 'STANDARD',
  ...more,
});

describe('an object of a page', () => {
  it('compares keys behind two prefixes as their strings are compared', () => {
    fc.assert(
      fc.property(text, text, text, text, text, (prefix, otherPrefix, common, a, b) => {
        const [rest, otherRest] = [common + a, common + b];
        fc.pre(prefix + rest !== '' && otherPrefix + otherRest !== '');
        const [left] = pageOf([listed({ key: prefix + rest })]).objects;
        const [right] = pageOf([listed({ key: otherPrefix + otherRest })]).objects;
        const order = left.compareKey(Buffer.byteLength(prefix), right, Buffer.byteLength(otherPrefix));
        expect(Math.sign(order)).toBe(Math.sign(compareKeys(rest, otherRest)));
      }),
      { numRuns: 2000 },
    );
  });

  it('finds bytes in its key at their place, and not beyond its end', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, rest, sought) => {
        fc.pre(prefix + rest !== '');
        const [one] = pageOf([listed({ key: prefix + rest })]).objects;
        const found = one.hasInKey(Buffer.byteLength(prefix), Buffer.from(sought));
        expect(found).toBe(rest.startsWith(sought));
      }),
    );
  });

  it('has the ETag of another where both are the same, and there is one', () => {
    fc.assert(
      fc.property(etag, etag, (a, b) => {
        const [left, right] = [a, b].map((one) => pageOf([listed({ etag: one })]).objects[0]);
        expect(left.hasEtagOf(right)).toBe(a !== '' && a === b);
      }),
    );
  });

  it('can be kept beyond its page, and is an error itself from then on', () => {
    const page = pageOf([listed({ key: 'é' })]);
    const [one] = page.objects;
    const kept = one.detach();
    page.release();
    expect(kept).toEqual(listed({ key: 'é' }));
    for (const use of [() => one.key, () => one.etag, () => one.detach(), () => one.hasEtagOf(one)])
      expect(use).toThrow(/released/);
    expect(() => one.compareKey(0, one, 0)).toThrow(/released/);
    expect(() => one.hasInKey(0, Buffer.from('é'))).toThrow(/released/);
  });

  it('of a page that is released twice leaves the memory to the one page that has it next', () => {
    const xml = Buffer.from(
      `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>${' '.repeat(100_000)}`,
    );
    const received = pageBuffers.take(xml.length);
    xml.copy(received);
    const page = readListPage(received, { prefix: '' });
    page.release();
    const next = pageBuffers.take(xml.length);
    expect(next.buffer).toBe(received.buffer);
    page.release();
    expect(pageBuffers.take(xml.length).buffer).not.toBe(received.buffer);
  });
});
