import * as fc from 'fast-check';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Sealer } from '../../../src/staging/seal.ts';
import { verify, type VerifyResult, type VerifySettings } from '../../../src/stages/verify/verify.ts';
import { MemoryItems } from './memory-items.ts';
import { settingsOf } from './setup.ts';

const item = (i: number, version = 0): string => `{"PK":{"S":"key ${i}"},"version":{"N":"${version}"}}`;
const ITEMS = 60;
/** 20 pages on each side and pass. */
const shape = { segments: 4, pageItems: 3 };

function newTables(): { source: MemoryItems; target: MemoryItems } {
  const all = Array.from({ length: ITEMS }, (_, i) => i);
  const source = all.filter((i) => i % 7 !== 0).map((i) => item(i));
  const target = all.filter((i) => i % 5 !== 0).map((i) => item(i, i % 11 === 0 ? 1 : 0));
  return { source: new MemoryItems(source, shape), target: new MemoryItems(target, shape) };
}

function summary({ equal, missing, extra, different, itemsSource, itemsTarget, differences }: VerifyResult): object {
  const keys = differences.map(({ kind, key }) => `${kind} ${key}`).sort();
  return { equal, missing, extra, different, itemsSource, itemsTarget, keys };
}

class Broken extends Error {}

/** Runs the verification again and again; each call fails after some pages of either side. */
async function verifyInPieces(
  settings: VerifySettings,
  tables: MemoryItems[],
  pieces: Iterator<number>,
): Promise<VerifyResult> {
  for (let calls = 0; calls < 200; calls++) {
    let left = Number(pieces.next().value);
    for (const table of tables)
      table.beforePage = () => {
        if (left-- === 0) throw new Broken();
      };
    try {
      return await verify(settings);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
  }
  throw new Error('never came to an end');
}

const whole = await (async () => {
  const { source, target } = newTables();
  return verify(settingsOf(source, target));
})();

test('a verification that fails again and again goes on and finds the same', async () => {
  expect(whole).toMatchObject({ missing: 10, extra: 7 });
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.integer({ min: 3, max: 60 })),
      fc.constantFrom(0, 1e9),
      async (pieces, saveMs) => {
        const { source, target } = newTables();
        const settings = settingsOf(source, target, { saveMs });
        try {
          expect(summary(await verifyInPieces(settings, [source, target], pieces))).toEqual(summary(whole));
          expect(readdirSync(settings.folder)).toEqual(['verify-differences.jsonl']);
        } finally {
          rmSync(settings.folder, { recursive: true });
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('what was read is not read again, in either pass', async () => {
  const { source, target } = newTables();
  const plain = await pagesOf(settingsOf(source, target), source, target);
  const again = newTables();
  const settings = settingsOf(again.source, again.target);
  await verifyInPieces(settings, [again.source, again.target], [25, 25, 20, Infinity][Symbol.iterator]());
  // Each of the three failures costs the page that failed and those of both sides that were then on their way.
  expect(again.source.pagesRead + again.target.pagesRead).toBeLessThanOrEqual(plain + 3 * 4);
});

async function pagesOf(settings: VerifySettings, ...tables: MemoryItems[]): Promise<number> {
  await verify(settings);
  return tables.reduce((sum, { pagesRead }) => sum + pagesRead, 0);
}

/** Settings of a verification that was stopped in the middle of two segments. */
async function interrupted(): Promise<{ settings: VerifySettings; source: MemoryItems; target: MemoryItems }> {
  const { source, target } = newTables();
  const settings = settingsOf(source, target);
  const scope = new AbortController();
  source.beforePage = (pages) => {
    if (pages === 8) scope.abort();
  };
  await expect(verify({ ...settings, signal: scope.signal })).rejects.toThrow('abort');
  source.beforePage = () => undefined;
  source.pagesRead = 0;
  target.pagesRead = 0;
  return { settings, source, target };
}

test('Ctrl-C saves progress', async () => {
  const { settings, source } = await interrupted();
  expect(summary(await verify(settings))).toEqual(summary(whole));
  expect(source.pagesRead).toBeLessThan(2 * 20);
});

test.each<[string, (settings: VerifySettings) => VerifySettings]>([
  ['another policy', (s) => ({ ...s, subject: { ...s.subject, policyHash: 'another' } })],
  ['another table', (s) => ({ ...s, source: { ...s.source, of: 'another' } })],
  ['other attributes left out', (s) => ({ ...s, subject: { ...s.subject, ignore: ['x'] } })],
  [
    'another number of segments',
    (s) => ({ ...s, source: { ...s.source, items: new MemoryItems(newTables().source.items, { segments: 5 }) } }),
  ],
  ['another sealing key', (s) => ({ ...s, source: { ...s.source, sealer: new Sealer(Buffer.alloc(32, 1)) } })],
  ['a day later', (s) => ({ ...s, nowMs: () => s.nowMs() + 24 * 3600_000 })],
  [
    'damaged progress',
    (s) => {
      writeFileSync(join(s.folder, 'verify-source.digests.gz'), 'x');
      return s;
    },
  ],
])('progress is not used for %s', async (_, change) => {
  const { settings } = await interrupted();
  const changed = change(settings);
  const items = changed.source.items as MemoryItems;
  let firstPass = 0;
  const onProgress: VerifySettings['onProgress'] = ({ side, pass }) => {
    if (side === 'source' && pass === 'digests') firstPass++;
  };
  const before = items.pagesRead;
  expect(summary(await verify({ ...changed, onProgress }))).toEqual(summary(whole));
  expect(items.pagesRead - before).toBe(2 * firstPass);
});
