import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/model/byte-writer.ts';
import { ItemView, NameTable } from '../../src/model/item.ts';
import {
  AttributeStamps,
  compareChanges,
  compareStamps,
  readStamp,
  writeStamp,
  type Stamp,
} from '../../src/model/stamp.ts';

const number = fc.oneof(
  fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }).map(String),
  fc.tuple(fc.integer({ min: -99, max: 99 }), fc.nat(999)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.constantFrom('1', '1.0', '10e-1', '0', '-0'),
);
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constantFrom('\ufffd', '\u{1f600}', 'a"\\'));
const stamps: fc.Arbitrary<Stamp> = fc.oneof(
  fc.record({ type: fc.constant('N' as const), version: number, origin: text }),
  fc.record({ type: fc.constant('S' as const), version: text, origin: text }),
);

describe('stamps', () => {
  it('are in a total order', () => {
    fc.assert(
      fc.property(stamps, stamps, stamps, (a, b, c) => {
        expect(Math.sign(compareStamps(a, b))).toBe(-Math.sign(compareStamps(b, a)) + 0);
        expect(compareStamps(a, a)).toBe(0);
        if (compareStamps(a, b) <= 0 && compareStamps(b, c) <= 0) expect(compareStamps(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['10', '9'],
    ['1.5', '15e-2'],
  ])('compare numbers exactly: %s is greater than %s', (greater, lesser) => {
    const of = (version: string): Stamp => ({ type: 'N', version, origin: 'z' });
    expect(compareStamps(of(greater), of(lesser))).toBeGreaterThan(0);
  });

  it('compare texts by their UTF-8, and origins where versions are the same', () => {
    const of = (version: string, origin: string): Stamp => ({ type: 'S', version, origin });
    // By UTF-16 the first one would be the lesser.
    expect(compareStamps(of('\u{1f600}', 'a'), of('\ufffd', 'a'))).toBeGreaterThan(0);
    expect(compareStamps(of('1', 'us-west-2'), of('1', 'cn-north-1'))).toBeGreaterThan(0);
  });

  it('of a delete are greater than the same of a put', () => {
    const stamp: Stamp = { type: 'N', version: '1.0', origin: 'a' };
    const same: Stamp = { type: 'N', version: '1', origin: 'a' };
    expect(compareChanges({ stamp, deletes: true }, { stamp: same, deletes: false })).toBeGreaterThan(0);
    expect(compareChanges({ stamp, deletes: true }, { stamp: same, deletes: true })).toBe(0);
  });

  it('come back from JSON as they were', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        const out = new ByteWriter(16);
        writeStamp(stamp, out);
        expect(readStamp(out.peek(), 0, out.length)).toEqual(stamp);
      }),
    );
  });

  it.each([
    ['{"PK":{"S":"a"},"o":{"S":"x"}}', { unfit: 'v' }],
    ['{"v":{"BOOL":true},"o":{"S":"x"}}', { unfit: 'v' }],
    ['{"v":{"N":"1"}}', { unfit: 'o' }],
    ['{"v":{"N":"1"},"o":{"N":"2"}}', { unfit: 'o' }],
    ['{"o":{"S":"\\u0078"},"v":{"N":"1.50"}}', { type: 'N', version: '1.50', origin: 'x' }],
    ['{"v":{"S":"2026"},"o":{"S":"x"}}', { type: 'S', version: '2026', origin: 'x' }],
  ])('of the item %s: %j', (json, expected) => {
    const view = new ItemView(new NameTable(['v', 'o']));
    view.read(Buffer.from(json), 0);
    expect(new AttributeStamps({ version: 'v', origin: 'o' }).read(view)).toEqual(expected);
  });
});
