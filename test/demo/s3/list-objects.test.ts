import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEndpoint } from '../../../src/demo/loopback.ts';
import { startS3Endpoint } from '../../../src/demo/s3-endpoint.ts';

const region = 'eu-test-1';
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const names = [
  'a',
  'a/',
  'a/b',
  'a/b/c',
  'a/b/d',
  'a/😀',
  'a/\uffff',
  'a0',
  'b/a&b',
  'b/a b',
  'b/a+b',
  'B',
  'é/1',
  'é/2',
  'z/\u{10ffff}/1',
];
const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const Bucket = 'bucket';
let endpoint: EmbeddedEndpoint;
let s3: S3Client;

beforeAll(async () => {
  endpoint = await startS3Endpoint({ region, accessKeys: [credentials], buckets: [Bucket] });
  s3 = new S3Client({ endpoint: endpoint.url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  for (const Key of names) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
});

afterAll(async () => {
  s3.destroy();
  await endpoint.close();
});

interface Query {
  Prefix?: string;
  Delimiter?: string;
  StartAfter?: string;
  MaxKeys: number;
}

/** What S3's documentation says a listing is, read from a plain list; a common prefix as `<prefix>`. */
function expected({ Prefix = '', Delimiter = '', StartAfter = '' }: Query): string[] {
  const entries = sorted
    .filter((key) => key.startsWith(Prefix))
    .filter((key) => StartAfter === '' || Buffer.compare(Buffer.from(key), Buffer.from(StartAfter)) > 0)
    .map((key) => {
      const at = Delimiter === '' ? -1 : key.indexOf(Delimiter, Prefix.length);
      return at < 0 ? key : `<${key.slice(0, at + Delimiter.length)}>`;
    });
  return [...new Set(entries)];
}

async function listed(query: Query): Promise<string[]> {
  const entries: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ...query, ContinuationToken }));
    const keys = (page.Contents ?? []).map((object) => object.Key ?? '');
    const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix }) => `<${Prefix ?? ''}>`);
    expect(keys.length + prefixes.length).toBe(page.KeyCount);
    expect(page.KeyCount).toBeLessThanOrEqual(query.MaxKeys);
    entries.push(...keys, ...prefixes);
    ContinuationToken = page.NextContinuationToken;
    expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
  } while (ContinuationToken !== undefined);
  return entries;
}

describe('ListObjectsV2', () => {
  it('gives every key once, in the order of UTF-8 bytes, whatever the page size', async () => {
    for (const MaxKeys of [1, 2, 7, 1000]) expect(await listed({ MaxKeys })).toEqual(sorted);
  });

  it('agrees with a plain list for any prefix, delimiter, start and page size', async () => {
    const query = fc.record({
      Prefix: fc.constantFrom(undefined, 'a', 'a/', 'a/b', 'b', 'é', 'z', 'none'),
      Delimiter: fc.constantFrom(undefined, '/', '/b', 'b', '\u{10ffff}'),
      StartAfter: fc.constantFrom(undefined, ...names, 'a/a', '~'),
      MaxKeys: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(query, async (each) => {
        // Keys and prefixes come in two lists a page, so that only what is listed can be compared, not how they interleave.
        expect((await listed(each)).sort()).toEqual(expected(each).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('encodes names on request', async () => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'b/', EncodingType: 'url' }));
    expect(page.Contents?.map((object) => object.Key)).toEqual(['b/a+b', 'b/a%26b', 'b/a%2Bb']);
  });

  it('gives size and ETag', async () => {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'é/1' }));
    expect(page.Contents).toMatchObject([{ Key: 'é/1', Size: 4, ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/) }]);
  });
});
