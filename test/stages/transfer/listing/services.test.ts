import { afterAll, describe, expect, it } from 'vitest';
import { runPool } from '../../../../src/engine/pool.ts';
import { S3Bucket } from '../../../../src/s3/bucket.ts';
import { compareListings } from '../../../../src/stages/transfer/listing/compare-listings.ts';
import type { Lister } from '../../../../src/stages/transfer/listing/page-stream.ts';
import { siteAt } from '../../../aws/site-at.ts';
import { useWorld } from '../../../world/use-world.ts';
import type { WorldSite } from '../../../world/world-site.ts';

const world = await useWorld('s3');
const [source, target] = [await bucketOf(world.source), await bucketOf(world.target)];
afterAll(() => Promise.all([source.close(), target.close()]));

async function bucketOf(side: WorldSite): Promise<S3Bucket> {
  const { region, credentials, name: role } = side;
  const site = siteAt(side.endpoints.s3, { role, region, credentials: async () => credentials });
  return new S3Bucket(site, await side.createBucket());
}

const strange = [
  'a b',
  'a+b',
  'a%2Bb',
  'a&b=c?d#e',
  '"<>\'',
  'twice//',
  'twice//twice',
  'folder/',
  'folder/with/end/',
  'é/中/文',
  '\uffee',
  '😀',
  '😀/\u{10ffff}',
  'line\nfeed',
  '\x01',
  '~',
  '.dynaferry',
  'x'.repeat(1015),
  `😀${'中'.repeat(337)}`,
];
const usual = Array.from({ length: 1500 }, (_, n) => `logs/of/all/${n % 3}/${String(n * 37).padStart(6, '0')}.json`);
const state = ['.dynaferry/lock', '.dynaferry/copy/1'];

async function fill(bucket: S3Bucket, keys: string[]): Promise<void> {
  await runPool(keys, 16, async (key) => void (await bucket.put(key, Buffer.from(key))), new AbortController());
}

/** Pages so small that there are many. */
function inPagesOf(maxKeys: number, bucket: S3Bucket): Lister {
  return { listPage: (prefix, options) => bucket.listPage(prefix, { maxKeys, ...options }) };
}

describe('two buckets of radosgw', () => {
  it('are compared whole, with strange keys and in ranges side by side', async () => {
    const rests = [...strange, ...usual];
    const atTarget = rests.filter((_, n) => n % 7 !== 3);
    await fill(
      source,
      [...rests, ...state].map((rest) => `from/${rest}`),
    );
    await fill(
      target,
      [...atTarget, ...state, 'only here'].map((rest) => `to/${rest}`),
    );
    for (const [parallel, maxKeys] of [
      [1, 1000],
      [6, 20],
    ] as const) {
      const found = new Map<string, string>();
      const counts = await compareListings({
        pairs: [{ source: 'from/', target: 'to/' }],
        source: inPagesOf(maxKeys, source),
        target: inPagesOf(maxKeys, target),
        parallel,
        emit: async (pairs) => {
          for (const { source: left, target: right } of pairs) {
            const rest = left?.key.slice(5) ?? right?.key.slice(3) ?? '';
            expect(found.has(rest)).toBe(false);
            found.set(rest, left === undefined ? 'target' : right === undefined ? 'source' : 'both');
            expect((left ?? right)?.sizeBytes).toBe(Buffer.byteLength(rest) + (left === undefined ? 3 : 5));
          }
        },
      });
      const kept = new Set(atTarget);
      const expected = rests.map((rest): [string, string] => [rest, kept.has(rest) ? 'both' : 'source']);
      expect(found).toEqual(new Map([...expected, ['only here', 'target']]));
      expect(counts).toEqual({ source: rests.length, target: atTarget.length + 1 });
    }
  });
});
