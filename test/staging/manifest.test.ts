import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DynaferryError } from '../../src/model/errors.ts';
import { ExportLayout } from '../../src/staging/layout.ts';
import { dataKey, readManifest, writeManifest, type ManifestInput } from '../../src/staging/manifest.ts';
import { readObjectLines } from '../../src/staging/object-lines.ts';
import { MemoryBucket } from './memory-bucket.ts';

const md5 = (bytes: Buffer | string): string => createHash('md5').update(bytes).digest('base64');
const { signal } = new AbortController();

/**
 * A full export as DynamoDB writes it (developer guide, "DynamoDB table export output format"): two files with items, one of an empty partition; no
 * exportType; checksums in .md5 files.
 */
const nativeRoot = '2020-Nov/AWSDynamoDB/01693685827463-2d8752fd/';
const files = [
  { name: 'asdl123dasas.json.gz', text: '{"Item":{"PK":{"S":"a"}}}\n{"Item":{"PK":{"S":"b"}}}\n', items: 2 },
  { name: 'efgh456.json.gz', text: '{"Item":{"PK":{"S":"c"}}}\n', items: 1 },
  { name: 'empty789.json.gz', text: '', items: 0 },
];

async function putNative(bucket: MemoryBucket, at: string, written = nativeRoot): Promise<void> {
  const lines: string[] = [];
  for (const { name, text, items } of files) {
    const body = gzipSync(text);
    await bucket.put(`${at}data/${name}`, body);
    lines.push(
      `{"itemCount":${items},"md5Checksum":"${md5(body)}","etag":"af83d6f217c19b8b0fff8023d8ca4716-1","dataFileS3Key":"${written}data/${name}"}\n`,
    );
  }
  const summary = `{"version":"2020-06-30","exportArn":"arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog/export/01234567890123-a1b2c3d4","startTime":"2020-11-04T07:28:34.028Z","endTime":"2020-11-04T07:33:43.897Z","tableArn":"arn:aws:dynamodb:us-east-1:123456789012:table/ProductCatalog","tableId":"12345a12-abcd-123a-ab12-1234abc12345","exportTime":"2020-11-04T07:28:34.028Z","s3Bucket":"ddb-productcatalog-export","s3Prefix":"2020-Nov","s3SseAlgorithm":"AES256","s3SseKmsKeyId":null,"manifestFilesS3Key":"${written}manifest-files.json","billedSizeBytes":0,"itemCount":3,"outputFormat":"DYNAMODB_JSON"}`;
  await bucket.put(`${at}manifest-files.json`, Buffer.from(lines.join('')));
  await bucket.put(`${at}manifest-files.md5`, Buffer.from(md5(lines.join(''))));
  await bucket.put(`${at}manifest-summary.json`, Buffer.from(summary));
  await bucket.put(`${at}manifest-summary.md5`, Buffer.from(md5(summary)));
}

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: DynaferryError) => error.code,
  );

describe("DynamoDB's own export", () => {
  it.each([nativeRoot, 'elsewhere/copied/'])('is read under %s, the empty partition too', async (root) => {
    const bucket = new MemoryBucket();
    await putNative(bucket, root);
    const layout = new ExportLayout(root);
    const manifest = await readManifest(bucket, layout);
    expect(manifest?.summary).toMatchObject({ itemCount: 3, outputFormat: 'DYNAMODB_JSON' });
    const texts: string[] = [];
    for (const file of manifest?.files ?? []) {
      let text = '';
      const expected = { key: dataKey(layout, file), md5Base64: file.md5Checksum };
      for await (const block of readObjectLines(bucket, expected, signal)) text += block.toString();
      texts.push(text);
    }
    expect(texts).toEqual(files.map(({ text }) => text));
  });

  it.each<[string, (bucket: MemoryBucket) => unknown]>([
    [
      'a summary that is not its checksum’s',
      (bucket) => bucket.put(`${nativeRoot}manifest-summary.md5`, Buffer.from(md5('x'))),
    ],
    [
      'a list that is not its checksum’s',
      (bucket) => bucket.put(`${nativeRoot}manifest-files.md5`, Buffer.from(md5('x'))),
    ],
    ['no list', (bucket) => bucket.delete(`${nativeRoot}manifest-files.json`)],
    [
      'a format that is not DynamoDB JSON',
      async (bucket) => {
        const text = bucket.text(`${nativeRoot}manifest-summary.json`).replace('DYNAMODB_JSON', 'ION');
        await bucket.put(`${nativeRoot}manifest-summary.json`, Buffer.from(text));
        await bucket.put(`${nativeRoot}manifest-summary.md5`, Buffer.from(md5(text)));
      },
    ],
    [
      'a line that is cut',
      async (bucket) => {
        await bucket.delete(`${nativeRoot}manifest-files.md5`);
        await bucket.put(`${nativeRoot}manifest-files.json`, Buffer.from('{"itemCount":1,'));
      },
    ],
  ])('is MANIFEST_INVALID with %s', async (_, damage) => {
    const bucket = new MemoryBucket();
    await putNative(bucket, nativeRoot);
    await damage(bucket);
    expect(await code(readManifest(bucket, new ExportLayout(nativeRoot)))).toBe('MANIFEST_INVALID');
  });

  it('without .md5 files, which people leave behind, is read', async () => {
    const bucket = new MemoryBucket();
    await putNative(bucket, nativeRoot);
    for (const key of bucket.objects.keys()) if (key.endsWith('.md5')) bucket.objects.delete(key);
    expect((await readManifest(bucket, new ExportLayout(nativeRoot)))?.files).toHaveLength(3);
  });
});

describe('our manifest', () => {
  const layout = ExportLayout.of('dynaferry/', '01700000000000-0a0b0c0d');
  const input: ManifestInput = {
    facts: {
      version: 1,
      migration: 'users',
      policyHash: 'p',
      keySchema: { partition: { name: 'PK', type: 'S' } },
      counts: { read: 9, filtered: 6, deadLettered: 1, passed: 3 },
      commits: 2,
    },
    tableArn: 'arn:aws:dynamodb:us-west-2:1:table/user-us',
    startedMs: 1_700_000_000_000,
    finishedMs: 1_700_000_060_000,
    objects: [
      {
        seq: 2,
        key: 'data/b.json.gz',
        items: 2,
        sizeBytes: 50,
        jsonBytes: 90,
        etag: '"e"',
        md5Base64: 'bQ==',
        sha256: 's',
      },
    ],
  };
  let bucket: MemoryBucket;
  beforeEach(async () => {
    bucket = new MemoryBucket('staging');
    await writeManifest(bucket, layout, input);
  });

  it('has the files and fields of DynamoDB’s, in their order, and ours behind them', () => {
    const root = 'dynaferry/AWSDynamoDB/01700000000000-0a0b0c0d/';
    expect([...bucket.objects.keys()].sort()).toEqual(
      ['manifest-files.json', 'manifest-files.md5', 'manifest-summary.json', 'manifest-summary.md5'].map(
        (name) => root + name,
      ),
    );
    const summary = bucket.text(`${root}manifest-summary.json`);
    expect(summary).toBe(
      `{"version":"2020-06-30","exportArn":"arn:aws:dynamodb:us-west-2:1:table/user-us/export/01700000000000-0a0b0c0d","startTime":"2023-11-14T22:13:20.000Z","endTime":"2023-11-14T22:14:20.000Z","tableArn":"arn:aws:dynamodb:us-west-2:1:table/user-us","tableId":"","exportTime":"2023-11-14T22:13:20.000Z","s3Bucket":"staging","s3Prefix":"dynaferry","s3SseAlgorithm":null,"s3SseKmsKeyId":null,"manifestFilesS3Key":"${root}manifest-files.json","billedSizeBytes":0,"itemCount":2,"outputFormat":"DYNAMODB_JSON","dynaferry":{"version":1,"migration":"users","policyHash":"p","keySchema":{"partition":{"name":"PK","type":"S"}},"counts":{"read":9,"filtered":6,"deadLettered":1,"passed":3},"commits":2}}`,
    );
    const list = bucket.text(`${root}manifest-files.json`);
    expect(list).toBe(
      `{"itemCount":2,"md5Checksum":"bQ==","etag":"e","dataFileS3Key":"${root}data/b.json.gz","dynaferry":{"seq":2,"sha256":"s","sizeBytes":50,"jsonBytes":90}}\n`,
    );
    expect(bucket.text(`${root}manifest-summary.md5`)).toBe(md5(summary));
    expect(bucket.text(`${root}manifest-files.md5`)).toBe(md5(list));
  });

  it('is written with the summary last, and left alone once it is there: others may be reading it', async () => {
    expect(bucket.calls.filter((call) => call.startsWith('put')).at(-1)).toBe(`put ${layout.manifestSummary}`);
    const before = bucket.text(layout.manifestSummary);
    await writeManifest(bucket, layout, { ...input, finishedMs: input.finishedMs + 1 });
    expect(bucket.text(layout.manifestSummary)).toBe(before);
    expect(await readManifest(bucket, layout)).toBeDefined();
  });

  it('is none to a reader before the summary is there', async () => {
    bucket.objects.delete(layout.manifestSummary);
    expect(await readManifest(bucket, layout)).toBeUndefined();
  });
});
