import { describe, expect, test } from 'vitest';
import { ItemSizes } from '../../../src/stages/inspect/item-sizes.ts';

function sizesOf(sizes: readonly number[], key?: Record<string, string>): ItemSizes {
  const all = new ItemSizes();
  for (const size of sizes) all.add(size, () => key);
  return all;
}

describe('sizes of items', () => {
  test('keep the ten largest, largest first, whatever the order', () => {
    const sizes = [5, 30, 10, 25, 15, 20, 1, 2, 3, 4, 6, 7, 8, 9];
    expect(sizesOf(sizes).facts().largest).toEqual(
      [30, 25, 20, 15, 10, 9, 8, 7, 6, 5].map((sizeBytes) => ({ sizeBytes })),
    );
    expect(sizesOf([1], { PK: 'a' }).facts().largest).toEqual([{ sizeBytes: 1, key: { PK: 'a' } }]);
  });

  test('count items from 90 % of 400 KB on', () => {
    const { nearLimit, sizeBytes } = sizesOf([368_639, 368_640, 409_600]).facts();
    expect(nearLimit).toBe(2);
    expect(sizeBytes).toEqual({ min: 368_639, mean: (368_639 + 368_640 + 409_600) / 3, max: 409_600 });
  });

  test('a write costs a unit for each begun KB of an item, a scan one for 4 KB of all items, or half', () => {
    // Developer guide: an item of 1.5 KB takes 2 write units.
    expect(sizesOf([1536, 1024, 1, 0]).estimate(4, 'scan')).toEqual({
      items: 4,
      itemsFrom: 'scan',
      readUnitsConsistent: 1,
      readUnitsEventual: 1,
      writeUnits: 5,
    });
    expect(sizesOf([4096, 8192]).estimate(200, 'described')).toMatchObject({
      readUnitsConsistent: 300,
      readUnitsEventual: 150,
      writeUnits: 1200,
    });
  });
});
