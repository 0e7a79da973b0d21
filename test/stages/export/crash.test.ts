import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MalformedJson } from '../../../src/model/json-bytes.ts';
import type { ItemSource, SourcePage } from '../../../src/stages/export/item-source.ts';
import { PageProcessor } from '../../../src/stages/export/page-processor.ts';
import { readManifest } from '../../../src/staging/manifest.ts';
import { Sealer } from '../../../src/staging/seal.ts';
import type { ExportLayout } from '../../../src/staging/layout.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { killAt } from '../../staging/kill-bucket.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { MemorySource } from './memory-source.ts';
import { exportOnce, key as sourceKey, readExport } from './run-export.ts';

const all = Array.from(
  { length: 20 },
  (_, i) => `{"PK":{"S":"k${i}"},"country":{"S":"${i % 4 === 3 ? 'France' : 'China'}"}}`,
);
const policy = await policyOf({ filter: "country = 'China'" });
const passing = all.filter((item) => item.includes('China')).sort();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-export-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every item once, nothing uncommitted under `data/`, sums that agree. */
async function expectWhole(bucket: MemoryBucket, layout: ExportLayout, only = true): Promise<void> {
  const { commits, items } = await readExport(bucket, layout);
  expect(items.sort()).toEqual(passing);
  const manifest = await readManifest(bucket, layout);
  const listed = manifest?.files.map((file) => file.dataFileS3Key).sort();
  const there = [...bucket.objects.keys()].filter((key) => key.includes('/data/'));
  if (only) expect(there.sort()).toEqual(listed);
  else expect(there).toEqual(expect.arrayContaining(listed ?? []));
  const read = commits.reduce((sum, { counts }) => sum + counts.read, 0);
  expect(read).toBe(all.length);
  expect(manifest?.summary.dynaferry?.counts).toEqual({ read: 20, filtered: 5, deadLettered: 0, passed: 15 });
}

describe('an export that is killed and run again', () => {
  it.each(['before', 'after'] as const)(
    'holds every item once, whichever operation on the bucket was the last: killed %s its effect',
    async (moment) => {
      for (let nth = 1; ; nth++) {
        const bucket = new MemoryBucket();
        const state = join(folder, `${moment}-${nth}`);
        const source = new MemorySource(all);
        const { killed } = killAt(bucket, nth, moment);
        await exportOnce({ bucket, folder: state, source, policy }).catch(() => undefined);
        const wasKilled = killed();
        bucket.before = bucket.after = () => undefined;
        const layout = await exportOnce({ bucket, folder: state, source, policy });
        await expectWhole(bucket, layout);
        if (!wasKilled) break;
        expect(nth).toBeLessThan(200);
      }
    },
  );

  it('does not read again what was committed', async () => {
    const bucket = new MemoryBucket();
    const source = new MemorySource(all, { segments: 2, pageItems: 2 });
    source.beforePage = (segment, from) => {
      if (segment === 1 && from === 6) throw new Error('scan failed');
    };
    await expect(exportOnce({ bucket, folder, source, policy })).rejects.toThrow('scan failed');
    source.beforePage = () => undefined;
    await expectWhole(bucket, await exportOnce({ bucket, folder, source, policy }));
    expect(source.read).toBe(all.length);
  });

  it('goes on from the bucket alone, on another machine', async () => {
    const bucket = new MemoryBucket();
    const source = new MemorySource(all);
    source.beforePage = (_, from) => {
      if (from === 4) throw new Error('scan failed');
    };
    await expect(exportOnce({ bucket, folder: join(folder, 'one'), source, policy })).rejects.toThrow();
    source.beforePage = () => undefined;
    const before = source.read;
    await expectWhole(bucket, await exportOnce({ bucket, folder: join(folder, 'two'), source, policy }));
    expect(source.read - before).toBeLessThan(all.length);
  });

  it('run again when it is done, changes nothing', async () => {
    const bucket = new MemoryBucket();
    const source = new MemorySource(all);
    await exportOnce({ bucket, folder, source, policy });
    const before = new Map([...bucket.objects].map(([key, { etag }]) => [key, etag]));
    await exportOnce({ bucket, folder, source, policy });
    expect(new Map([...bucket.objects].map(([key, { etag }]) => [key, etag]))).toEqual(before);
    expect(source.read).toBe(all.length);
  });
});

describe('an export', () => {
  it('run by two machines at once ends at one as LOCKED, and harms nothing of the other', async () => {
    const bucket = new MemoryBucket();
    const codes = await Promise.all(
      ['one', 'two'].map(async (name) => {
        // Both begin with the same header, since the one that the first wrote is there for the second.
        if (name === 'two')
          while (![...bucket.objects.keys()].some((key) => key.endsWith('export.json')))
            await new Promise((resolve) => setImmediate(resolve));
        return exportOnce({
          bucket,
          folder: join(folder, name),
          source: new MemorySource(all, { pageItems: name === 'one' ? 4 : 3 }),
          policy,
        }).then(
          (layout) => layout,
          (error: { code: string }) => error.code,
        );
      }),
    );
    expect(codes).toContain('LOCKED');
    const layout = codes.find((outcome) => typeof outcome !== 'string');
    // Where both met at once, the next run finishes it.
    await expectWhole(
      bucket,
      layout ?? (await exportOnce({ bucket, folder: join(folder, 'one'), source: new MemorySource(all), policy })),
      // What the loser had under way may land behind the winner's cleaning up.
      false,
    );
  });

  it('whose page breaks half-way holds nothing of that page, and the pages of other segments as they are', async () => {
    const bucket = new MemoryBucket();
    const good = new MemorySource(all, { segments: 2, pageItems: 10 });
    let broken = true;
    const source: ItemSource = {
      segments: 2,
      itemsEstimate: undefined,
      async *pages(segment, from, signal) {
        for await (const page of good.pages(segment, from, signal))
          yield {
            forEach: (view, onItem) => {
              let seen = 0;
              return page.forEach(view, (item) => {
                if (broken && segment === 0 && ++seen === 5) throw new MalformedJson('damaged', 1);
                onItem(item);
              });
            },
          };
      },
    };
    await expect(exportOnce({ bucket, folder, source, policy })).rejects.toThrow('damaged');
    broken = false;
    await expectWhole(bucket, await exportOnce({ bucket, folder, source, policy }));
  });

  it('makes nothing of a page that broke into the next page, whichever segment that is of', () => {
    const processor = new PageProcessor(policy, sourceKey, new Sealer(Buffer.alloc(32)));
    const page = (items: string[], breaks: boolean): SourcePage => ({
      forEach: (view, onItem) => {
        for (const item of items) {
          view.read(Buffer.from(item), 0);
          onItem(view);
        }
        if (breaks) throw new MalformedJson('damaged', 1);
        return { read: items.length, seen: items.length, bytes: 1, checkpoint: undefined };
      },
    });
    expect(() => processor.process(0, page(all.slice(0, 3), true))).toThrow('damaged');
    const { lines, items, read, filtered } = processor.process(1, page(all.slice(3, 5), false));
    expect(lines.toString()).toBe(`{"Item":${all[4]}}\n`);
    expect({ items, read, filtered }).toEqual({ items: 1, read: 2, filtered: 1 });
  });

  it('that was begun under another policy, or of another source, is not gone on with', async () => {
    const bucket = new MemoryBucket();
    const source = new MemorySource(all);
    await exportOnce({ bucket, folder, source, policy });
    const other = await policyOf({ filter: "country = 'France'" });
    await expect(exportOnce({ bucket, folder, source, policy: other })).rejects.toMatchObject({
      code: 'POLICY_MISMATCH',
    });
  });

  it('stages nothing of what fails the filter, in any object or key', async () => {
    const bucket = new MemoryBucket();
    const canary = 'canary-0815';
    const items = [...all, `{"PK":{"S":"${canary}"},"country":{"S":"${canary}"}}`];
    await exportOnce({ bucket, folder, source: new MemorySource(items, { pageItems: 1, segments: 1 }), policy });
    const { zstdDecompressSync } = await import('node:zlib');
    for (const [key, { body }] of bucket.objects) {
      expect(key).not.toContain(canary);
      expect((key.endsWith('.zst') ? zstdDecompressSync(body) : body).includes(canary)).toBe(false);
    }
  });

  it('hangs on no drain when many segments fill one object, most of their pages empty', async () => {
    const bucket = new MemoryBucket();
    const big = 'x'.repeat(50_000);
    const items = Array.from(
      { length: 400 },
      (_, i) => `{"PK":{"S":"k${i}"},"country":{"S":"${i % 3 === 0 ? 'China' : 'no'}"},"a":{"S":"${i}${big}"}}`,
    );
    const layout = await exportOnce({
      bucket,
      folder,
      source: new MemorySource(items, { segments: 16, pageItems: 1 }),
      policy,
      objectSizeBytes: 600,
    });
    expect((await readExport(bucket, layout)).items).toHaveLength(134);
  });
});
