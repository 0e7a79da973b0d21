import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../../src/s3/compare-keys.ts';
import { compareListings } from '../../../../src/stages/transfer/listing/compare-listings.ts';
import type { ListedPair } from '../../../../src/stages/transfer/listing/key-range.ts';
import type { PrefixPair } from '../../../../src/stages/transfer/copy-options.ts';
import { MemoryLister } from './memory-lister.ts';

/** `=` on both sides, `+` at the target only, `-` at the source only; by the key behind the prefix, sorted. */
async function compare(
  source: MemoryLister,
  target: MemoryLister,
  pairs: PrefixPair[],
  parallel: number,
): Promise<string[]> {
  const found: string[] = [];
  const counts = await compareListings({
    pairs,
    source,
    target,
    parallel,
    emit: async (batch, prefixes) => {
      await new Promise((done) => setImmediate(done));
      for (const pair of batch) found.push(describePair(pair, prefixes));
    },
  });
  expect(counts.source).toBe(found.filter((one) => one[0] !== '+').length);
  expect(counts.target).toBe(found.filter((one) => one[0] !== '-').length);
  return found.sort();
}

function describePair({ source, target }: ListedPair, prefixes: PrefixPair): string {
  const left = source?.key.slice(prefixes.source.length);
  const right = target?.key.slice(prefixes.target.length);
  if (left !== undefined && right !== undefined) expect(left).toBe(right);
  const sign = left === undefined ? '+' : right === undefined ? '-' : '=';
  return `${sign}${prefixes.source}|${left ?? right ?? ''}`;
}

/** The oracle: plain sets. */
function expected(source: MemoryLister, target: MemoryLister, pairs: PrefixPair[]): string[] {
  const restsOf = (lister: MemoryLister, prefix: string): Set<string> =>
    new Set(
      lister.keys
        .filter((key) => key.startsWith(prefix) && !key.startsWith(`${prefix}.dynaferry/`))
        .map((key) => key.slice(prefix.length)),
    );
  return pairs
    .flatMap((prefixes) => {
      const left = restsOf(source, prefixes.source);
      const right = restsOf(target, prefixes.target);
      return [...new Set([...left, ...right])].map((rest) => {
        const sign = !left.has(rest) ? '+' : !right.has(rest) ? '-' : '=';
        return `${sign}${prefixes.source}|${rest}`;
      });
    })
    .sort();
}

const segment = fc.constantFrom('a', 'b', '0', '1', '9', '', ' ', '+', 'é', '中', '😀', '\uffee', '\x01', '.dynaferry');
const rest = fc.oneof(
  { weight: 8, arbitrary: fc.array(segment, { maxLength: 6 }).map((parts) => parts.join('/')) },
  { weight: 4, arbitrary: fc.nat({ max: 5000 }).map((n) => `common/beginning/of/many/${String(n).padStart(6, '0')}`) },
  { weight: 1, arbitrary: fc.integer({ min: 900, max: 1000 }).map((length) => 'long/'.padEnd(length, 'x')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
);
const rests = fc.uniqueArray(rest, { maxLength: 150, size: 'max' });
const pairs: PrefixPair[] = [
  { source: 'from/here/', target: '' },
  { source: 'x', target: 'x' },
];

describe('the comparison of two listings', () => {
  it('gives every key once, whatever the keys, the pages and the places where ranges are split', async () => {
    await fc.assert(
      fc.asyncProperty(
        rests,
        rests,
        rests,
        fc.nat(),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(0, 0, 0.5, 1),
        async (both, left, right, seed, parallel, pageKeys, lies) => {
          const keysOf = (own: string[], side: 'source' | 'target'): Set<string> =>
            new Set(
              [...both, ...own].flatMap((one) => pairs.map((pair) => pair[side] + one)).filter((key) => key !== ''),
            );
          const source = new MemoryLister(keysOf(left, 'source'), { seed, pageKeys, lies });
          const target = new MemoryLister(keysOf(right, 'target'), { seed: seed + 1, pageKeys, lies });
          // The empty target prefix holds the other's keys too.
          expect(await compare(source, target, pairs, parallel)).toEqual(expected(source, target, pairs));
          for (const place of [...source.places, ...target.places]) {
            expect(place.isWellFormed()).toBe(true);
            expect(Buffer.byteLength(place)).toBeLessThanOrEqual(1024);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const flat = Array.from({ length: 100_000 }, (_, n) => `flat/${String(n * 7).padStart(9, '0')}`);
  const deep = Array.from({ length: 20_000 }, (_, n) => {
    const [year, month, day] = [2020 + (n % 5), 1 + (n % 12), 1 + (n % 28)].map((part) =>
      String(part).padStart(2, '0'),
    );
    return `logs/of/the/service/${year}/${month}/${day}/${(n * 2654435761) % 2 ** 32}.json`;
  });
  const shapes: [string, string[], string[]][] = [
    ['one flat prefix', flat, flat.filter((_, n) => n % 1000 !== 3)],
    ['deep prefixes', deep, deep.filter((_, n) => n % 17 === 0)],
    ['an empty target', deep, []],
    ['an empty source', [], deep],
    ['a target of few keys all over the source', flat, flat.filter((_, n) => n % 9999 === 0)],
    ['two empty sides', [], []],
  ];
  it.each(shapes)('shares %s among ranges', async (_, sourceKeys, targetKeys) => {
    const whole = [{ source: '', target: '' }];
    const count = Math.max(sourceKeys.length, targetKeys.length);
    const [source, target] = [
      new MemoryLister(sourceKeys, { pageKeys: 100 }),
      new MemoryLister(targetKeys, { pageKeys: 100 }),
    ];
    expect(await compare(source, target, whole, 8)).toEqual(expected(source, target, whole));
    if (count === 0) return;
    // Eight ranges and one page ahead for each, less in the beginning and in the end.
    expect(Math.max(source.concurrent, target.concurrent)).toBeGreaterThanOrEqual(8);
    expect(Math.max(source.concurrent, target.concurrent)).toBeLessThanOrEqual(16);
    // Pages are of 50 keys on average: what the search and the ends of ranges cost beyond that.
    expect(source.requests + target.requests).toBeLessThan(((sourceKeys.length + targetKeys.length) / 50) * 1.5 + 500);
  });

  it('ends with the first failure, gives nothing afterwards, and never says that it was whole', async () => {
    for (let failing = 1; failing < 100; failing += 19) {
      let requests = 0;
      const before = (): void => {
        if (++requests === failing) throw new Error(`request ${failing}`);
      };
      const target = new MemoryLister(deep, { pageKeys: 400, before });
      const source = new MemoryLister(deep, { pageKeys: 400 });
      let given = 0;
      let isOver = false;
      const run = compareListings({
        pairs: [{ source: '', target: '' }],
        source,
        target,
        parallel: 4,
        emit: async (batch) => {
          expect(isOver).toBe(false);
          given += batch.length;
        },
      });
      await expect(run.finally(() => (isOver = true))).rejects.toThrow(`request ${failing}`);
      expect(given).toBeLessThan(deep.length);
      await new Promise((done) => setTimeout(done, 5));
    }
  });

  it('ends when it is told to, and when pairs are not taken', async () => {
    const whole = [{ source: '', target: '' }];
    const [source, target] = [new MemoryLister(deep), new MemoryLister(deep)];
    const stop = new AbortController();
    const emit = async (): Promise<void> => stop.abort();
    const options = { pairs: whole, source, target, parallel: 4, emit };
    await expect(compareListings({ ...options, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(compareListings({ ...options, signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    const refuse = async (): Promise<void> => {
      throw new Error('full');
    };
    await expect(compareListings({ ...options, emit: refuse })).rejects.toThrow('full');
  });

  it('waits for those who take: no more than some pages a range are read ahead', async () => {
    const [source, target] = [new MemoryLister(flat, { pageKeys: 100 }), new MemoryLister(flat, { pageKeys: 100 })];
    const counts = { source: 0, target: 0 };
    const stop = new AbortController();
    const never = new Promise<void>(() => undefined);
    const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
    const emit = (): Promise<void> => Promise.race([never, stopped]);
    const options = {
      pairs: [{ source: '', target: '' }],
      source,
      target,
      counts,
      parallel: 4,
      signal: stop.signal,
      emit,
    };
    const run = compareListings(options);
    await new Promise((done) => setTimeout(done, 300));
    expect(counts.source).toBeLessThanOrEqual(4 * 100);
    stop.abort();
    await expect(run).rejects.toThrow();
  });

  it('keeps the order of keys within a range', async () => {
    const given: string[] = [];
    const emit = async (batch: ListedPair[]): Promise<void> =>
      void given.push(...batch.map((pair) => pair.source?.key ?? ''));
    const source = new MemoryLister(deep);
    await compareListings({
      pairs: [{ source: '', target: 'x' }],
      source,
      target: new MemoryLister([]),
      parallel: 1,
      emit,
    });
    expect(given).toEqual([...deep].sort((a, b) => compareKeys(a, b)));
  });
});
