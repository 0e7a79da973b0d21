import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareUtf8, SortedKeys } from '../../../src/demo/s3/sorted-keys.ts';

const key = fc.string({ unit: 'binary', maxLength: 6 });
const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function all(keys: SortedKeys): string[] {
  const found: string[] = [];
  for (let each = keys.atOrAfter(''); each !== undefined; each = keys.atOrAfter(`${each}\0`)) found.push(each);
  return found;
}

describe('sorted keys', () => {
  it('compare as their UTF-8 bytes do', () => {
    fc.assert(fc.property(key, key, (a, b) => Math.sign(compareUtf8(a, b)) === bytewise(a, b)));
    expect(compareUtf8('\u{ffff}', '\u{10000}')).toBeLessThan(0);
  });

  it('hold what was added and not deleted, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 200 }), (steps) => {
        const keys = new SortedKeys();
        const oracle = new Set<string>();
        for (const [adds, each] of steps) {
          if (adds) keys.add(each);
          else keys.delete(each);
          if (adds) oracle.add(each);
          else oracle.delete(each);
        }
        expect(all(keys)).toEqual([...oracle].sort(bytewise));
      }),
    );
  });

  it('stay in order over many blocks', () => {
    const keys = new SortedKeys();
    const names = Array.from({ length: 5000 }, (_, i) => `k${(i * 7919) % 5000}`);
    for (const name of names) keys.add(name);
    for (const name of names.slice(0, 2500)) keys.delete(name);
    expect(all(keys)).toEqual(names.slice(2500).sort(bytewise));
    expect(keys.atOrAfter('l')).toBeUndefined();
  });
});
