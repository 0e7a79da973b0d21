import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ItemView, NameTable } from '../../src/model/item.ts';
import { MalformedJson } from '../../src/model/json-bytes.ts';
import type { Compression } from '../../src/staging/compression.ts';
import { DataObjectBuilder, sha256Hex } from '../../src/staging/data-object.ts';
import { readItemLine, readObjectLines, type ExpectedObject } from '../../src/staging/object-lines.ts';
import { MemoryBucket } from './memory-bucket.ts';

const { signal } = new AbortController();
const suffix = { gzip: '.json.gz', zstd: '.json.zst' };

async function read(bucket: MemoryBucket, expected: ExpectedObject): Promise<string> {
  let text = '';
  for await (const block of readObjectLines(bucket, expected, signal)) {
    expect(block.at(-1)).toBe(0x0a);
    text += block.toString();
  }
  return text;
}

const outcome = (bucket: MemoryBucket, expected: ExpectedObject): Promise<string> =>
  read(bucket, expected).catch((error: Error & { code?: string }) => error.code ?? error.message);

function md5(body: Buffer): string {
  return createHash('md5').update(body).digest('base64');
}

/** Puts what somebody else wrote; what is expected of it is what it is. */
async function foreign(body: Buffer, key: string): Promise<{ bucket: MemoryBucket; expected: ExpectedObject }> {
  const bucket = new MemoryBucket();
  await bucket.put(key, body);
  return { bucket, expected: { key, md5Base64: md5(body) } };
}

const line = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .map((text) => `${JSON.stringify({ Item: { a: { S: text } } })}\n`);

describe('a data object', () => {
  it.each<Compression>(['gzip', 'zstd'])(
    'comes back line by line, with sums that are those of its bytes: %s',
    async (compression) => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(line, { maxLength: 40 }), { maxLength: 20 }), async (pages) => {
          const builder = new DataObjectBuilder(compression);
          for (const page of pages) await builder.add(Buffer.from(page.join('')), page.length);
          const finished = await builder.finish();
          const all = pages.flat();
          expect([finished.items, finished.jsonBytes]).toEqual([all.length, Buffer.byteLength(all.join(''))]);
          expect([finished.md5Base64, finished.sha256]).toEqual([md5(finished.body), sha256Hex(finished.body)]);
          const { bucket, expected } = await foreign(finished.body, `x${suffix[compression]}`);
          expect(await read(bucket, { ...expected, sha256: finished.sha256 })).toBe(all.join(''));
        }),
        { numRuns: 30 },
      );
    },
  );

  it('of several parts has the checksum of each', async () => {
    const builder = new DataObjectBuilder('gzip');
    // Hashes do not compress.
    const lines = Array.from({ length: 400_000 }, (_, i) => `${sha256Hex(Buffer.from(String(i)))}\n`).join('');
    await builder.add(Buffer.from(lines), 400_000);
    const { body, partSha256, partSizeBytes, sha256 } = await builder.finish();
    expect(partSizeBytes).toBeGreaterThanOrEqual(5 * 1024 * 1024);
    expect(partSha256).toEqual([sha256Hex(body.subarray(0, partSizeBytes)), sha256Hex(body.subarray(partSizeBytes))]);
    expect(sha256).toBe(sha256Hex(body));
  });

  it('finishes while lines are still being taken, and holds them: nobody waits for ever', async () => {
    const builder = new DataObjectBuilder('gzip');
    const page = Buffer.alloc(1024 * 1024, '{"Item":{}}\n');
    const adding = Promise.all(Array.from({ length: 8 }, () => builder.add(page, 1)));
    const [finished] = await Promise.all([builder.finish(), adding]);
    expect([finished.items, finished.jsonBytes]).toEqual([8, 8 * page.length]);
  });
});

describe('a damaged object is DATA_DAMAGED before a line of it is given', () => {
  it.each<Compression>(['gzip', 'zstd'])('whichever byte is changed, wherever it is cut: %s', async (compression) => {
    const builder = new DataObjectBuilder(compression);
    await builder.add(Buffer.from('{"Item":{"a":{"S":"x"}}}\n'.repeat(20)), 20);
    const { body, sha256, md5Base64 } = await builder.finish();
    const key = `x${suffix[compression]}`;
    for (const digests of [{ md5Base64 }, { md5Base64, sha256 }])
      for (let at = 0; at < body.length; at++) {
        const changed = Buffer.from(body);
        changed[at] ^= 1 << (at % 8);
        for (const damaged of [changed, body.subarray(0, at)]) {
          const bucket = new MemoryBucket();
          await bucket.put(key, damaged);
          expect(await outcome(bucket, { key, ...digests })).toBe('DATA_DAMAGED');
        }
      }
  });

  it('but one that only arrived damaged is fetched again', async () => {
    const { bucket, expected } = await foreign(Buffer.from('{"Item":{}}\n'), 'x.json');
    let fetches = 0;
    bucket.onGet = (body) => {
      if (++fetches < 3) body[3] ^= 1;
      return body;
    };
    expect(await read(bucket, expected)).toBe('{"Item":{}}\n');
    expect(fetches).toBe(3);
  });

  it('also where its maker wrote it so: cut gzip and zstd, text that is neither, a line without end', async () => {
    const text = Buffer.from('{"Item":{"a":{"S":"x"}}}\n'.repeat(1000));
    const gzip = gzipSync(text);
    const zstd = zstdCompressSync(text);
    for (const [body, key] of [
      [gzip.subarray(0, gzip.length - 9), 'x.json.gz'],
      [zstd.subarray(0, zstd.length - 5), 'x.json.zst'],
      [text, 'x.json.gz'],
      [text, 'x.json.zst'],
      [Buffer.alloc(20 * 1024 * 1024, 'x'), 'x.json'],
    ] as const) {
      const { bucket, expected } = await foreign(body, key);
      expect([key, await outcome(bucket, expected)]).toEqual([key, 'DATA_DAMAGED']);
    }
  });

  it.each([
    ['is not there', () => new MemoryBucket(), 'OBJECT_NOT_FOUND'],
    [
      'is replaced between looking and reading',
      () => {
        const bucket = new MemoryBucket();
        bucket.objects.set('x.json', { body: Buffer.from('a\n'), sizeBytes: 2, etag: '"1"', metadata: {} });
        bucket.before = (operation) => {
          if (operation === 'get')
            bucket.objects.set('x.json', { body: Buffer.from('b\n'), sizeBytes: 2, etag: '"2"', metadata: {} });
        };
        return bucket;
      },
      'SOURCE_CHANGED',
    ],
  ])('one that %s is told apart', async (_, make, code) => {
    expect(await outcome(make(), { key: 'x.json', md5Base64: md5(Buffer.from('a\n')) })).toBe(code);
  });
});

describe('files that others wrote', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'x.json', ''],
    ['empty, compressed', gzipSync(''), 'x.json.gz', ''],
    ['of no bytes, though called compressed', Buffer.alloc(0), 'x.json.gz', ''],
    ['without a last line feed', gzipSync('a\nb'), 'x.json.gz', 'a\nb\n'],
    ['of several gzip members', Buffer.concat([gzipSync('a\n'), gzipSync('b\n')]), 'x.json.gz', 'a\nb\n'],
    ['with empty lines', Buffer.from('a\n\n \nb\n'), 'x.json', 'a\n\n \nb\n'],
  ])('%s', async (_, body, key, text) => {
    const { bucket, expected } = await foreign(body, key);
    expect(await read(bucket, expected)).toBe(text);
  });

  it('above 64 MiB are read in ranges and twice, and the second reading is checked as the first was', async () => {
    const body = Buffer.alloc(66 * 1024 * 1024, `${'x'.repeat(1023)}\n`);
    const { bucket, expected } = await foreign(body, 'x.json');
    let gets = 0;
    let damage = new Set([7]);
    bucket.onGet = (range) => {
      expect(range.length).toBeLessThan(20 * 1024 * 1024);
      if (damage.has(++gets)) range[5] ^= 1;
      return range;
    };
    const hash = createHash('md5');
    for await (const block of readObjectLines(bucket, expected, signal)) hash.update(block);
    expect([hash.digest('base64'), gets]).toEqual([expected.md5Base64, 11]);
    gets = 0;
    damage = new Set([7, 8, 9]);
    expect(await outcome(bucket, expected)).toBe('DATA_DAMAGED');
  });

  it('are let go of when reading stops half-way', async () => {
    const { bucket, expected } = await foreign(gzipSync(Buffer.alloc(4_000_000, 'x\n')), 'x.json.gz');
    for await (const block of readObjectLines(bucket, expected, signal)) {
      expect(block.length).toBeGreaterThan(0);
      break;
    }
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of readObjectLines(bucket, expected, controller.signal)) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a line', () => {
  const view = new ItemView(new NameTable(['a']));
  const at = (text: string): string => {
    const block = Buffer.from(text);
    readItemLine(block, 0, block.indexOf(0x0a), view);
    return block.toString('utf8', view.start, view.end);
  };

  it.each([
    '{"Item":{"a":{"S":"x"}}}\n',
    ' { "Item" : {"a":{"S":"x"}} } \r\n\n',
    '{"Item":{"a":{"S":"x"}}}\n{"Item":{}}\n',
  ])('%j holds an item', (text) => expect(at(text)).toBe('{"a":{"S":"x"}}'));

  it.each([
    '{"item":{}}\n',
    '{"Item":{}\n',
    '{"Item":{}}x\n',
    '{"Item":{}}{"Item":{}}\n',
    '{"Item":{},"more":1}\n',
    '{"Item":[]}\n',
    '{}\n',
    'x\n',
    '{"Item":{"a":{"S":"cut\n{"Item":{"a":{"S":"x"}}}\n',
    '{"Item":{"a":\n{"S":"x"}}}\n',
    '{"Item":{}\n}\n',
  ])('%j does not', (text) => expect(() => at(text)).toThrow(MalformedJson));
});
