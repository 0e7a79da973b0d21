import { GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { S3Bucket } from '../../../src/s3/bucket.ts';
import { siteAt } from '../../aws/site-at.ts';
import type { CopyObject } from '../../world/copy-objects.ts';
import { seededBody } from '../../world/copy-objects.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, digestOf, expectCopied, MIB, summaryOf } from './copy-scenario.ts';

const world = await useWorld('s3');

const oddKeys = [
  'plain.txt',
  'with space',
  ' leading space',
  'trailing space ',
  'a+b',
  'a//b',
  'folder/',
  'folder//',
  '/leading',
  '//two',
  'ü/ñ.txt',
  'u\u0308',
  '中文/文件',
  '😀.txt',
  '\u{10fffd}',
  'x'.repeat(1024),
  `${'中'.repeat(341)}y`,
  '100%',
  '%41',
  'a%2Fb',
  '<&>"\'',
  'a&amp;b',
  ']]>',
  'tab\tand\nnewline',
  'carriage\rreturn',
  '\u0001control\u001f',
  '\u007f',
  'back\\slash',
  'que?ry=1&b=2',
  '#fragment',
  'semi;colon,@:$=!*()~',
  'a/./b',
  'a/../b',
  '...',
  '.dynaferry-is-another-folder/a',
];

const sizes: CopyObject[] = [
  { key: 'sizes/0', sizeBytes: 0 },
  { key: 'sizes/1', sizeBytes: 1 },
  { key: 'sizes/5 MiB and 1', sizeBytes: 5 * MIB + 1 },
  { key: 'sizes/16 MiB', sizeBytes: 16 * MIB },
  { key: 'sizes/plain 17 MiB', sizeBytes: 17 * MIB + 3 },
  { key: 'sizes/one part of 3 bytes', sizeBytes: 3, partSizeBytes: 5 * MIB },
  { key: 'sizes/parts of 5 MiB', sizeBytes: 11 * MIB + 7, partSizeBytes: 5 * MIB },
  { key: 'sizes/parts of 8 MiB', sizeBytes: 16 * MIB, partSizeBytes: 8 * MIB },
  { key: 'sizes/parts of 7 MiB', sizeBytes: 8 * MIB, partSizeBytes: 7 * MIB },
  { key: 'sizes/parts of no usual size', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB + 12_345 },
];

/** As HTTP has them: bytes. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

const properties: CopyObject[] = [
  {
    key: 'properties/all',
    sizeBytes: 100,
    properties: {
      CacheControl: 'max-age=60, public',
      ContentDisposition: `attachment; filename="a b.txt"; filename*=UTF-8''%e4%b8%ad`,
      ContentEncoding: 'gzip',
      ContentLanguage: 'zh-CN',
      ContentType: 'text/csv; charset=utf-8',
      Expires: new Date(Date.UTC(2030, 0, 1)),
      Metadata: { owner: 'a "b" c', 'x-two': '=?UTF-8?B?5Lit5paH?=', empty: '' },
    },
    tags: { plain: 'value', 'a b+c': 'x=y&z', 中文: '标签 ü', empty: '', '<x>': '&amp; "q"' },
  },
  {
    key: 'properties/in parts',
    sizeBytes: 6 * MIB,
    partSizeBytes: 5 * MIB,
    properties: { ContentType: 'image/png', CacheControl: 'no-store', Metadata: { owner: 'me' } },
    tags: { only: 'one' },
  },
  {
    key: 'properties/plain and large',
    sizeBytes: 17 * MIB,
    properties: { ContentType: 'image/gif', Metadata: { 'dynaferry-source-etag': 'of another copy' } },
    tags: { only: 'one' },
  },
];

test('objects with keys, sizes, headers, metadata and tags of every kind arrive as they are, and a second run copies nothing', async () => {
  await using scenario = await CopyScenario.create(world, { sourcePrefix: 'from/', targetPrefix: 'to/some where/' });
  const small = oddKeys.map((key, index): CopyObject => ({ key, sizeBytes: index * 7 }));
  const objects = [...small, ...sizes, ...properties].map((object): CopyObject => ({
    ...object,
    seed: object.key,
    key: limited('from/', object.key),
  }));
  await scenario.fill('source', [...objects, { key: 'outside', sizeBytes: 5 }]);
  const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

  const first = expectCopied(await scenario.run(), { listed: objects.length, copied: objects.length, bytes });
  expect(first).toMatchObject({ same: 0, vanished: 0, excluded: 0, extra: 0 });
  await scenario.expectEqual(objects.length);

  const before = requestsOf(scenario);
  expectCopied(await scenario.run(), { listed: objects.length, same: objects.length, copied: 0, bytes: 0 });
  expect(requestsOf(scenario)).toEqual(before);
  // By content as well, whatever the ETags are.
  const verified = await scenario.run(['--verify']);
  expect(verified.code).toBe(0);
  expect(summaryOf(verified)).toMatchObject({ same: objects.length, toCopy: 0 });
});

/** A prefix must leave room for the key. */
function limited(prefix: string, key: string): string {
  return prefix + (key.length < 300 ? key : key.slice(0, key.length - 24));
}

/** Those that move content. */
function requestsOf({ proxies }: CopyScenario): Record<string, number> {
  return {
    read: proxies.source.requests('GetObject'),
    put: proxies.target.requests('PutObject'),
    parts: proxies.target.requests('UploadPart'),
  };
}

test('keys of 1,024 bytes, and metadata that is not ASCII', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', [
    { key: 'x'.repeat(1024), sizeBytes: 10 },
    { key: `${'中'.repeat(341)}y`, sizeBytes: 6 * MIB, partSizeBytes: 5 * MIB },
  ]);
  // The SDK cannot sign it.
  const { endpoints, credentials } = world.source;
  const bucket = new S3Bucket(siteAt(endpoints.s3, { credentials: async () => credentials }), scenario.buckets.source);
  await bucket.put('utf-8', seededBody('utf-8', 10), { metadata: { name: latin1('à la carte, 中文 ü à') } });
  await bucket.close();
  // Nor does a proxy in Node pass it on as it is.
  scenario.yaml.source['endpoint'] = world.source.endpoints.s3;
  scenario.yaml.target['endpoint'] = world.target.endpoints.s3;
  expectCopied(await scenario.run(), { copied: 3 });
  await scenario.expectEqual(3);
});

test('what is set for objects stands in place of what they have: type, metadata, tags', async () => {
  await using scenario = await CopyScenario.create(world);
  const had = { ContentType: 'text/plain', CacheControl: 'no-store', Metadata: { owner: 'old', kept: 'yes' } };
  await scenario.fill('source', [
    { key: 'a', sizeBytes: 10, properties: had, tags: { old: 'tag' } },
    { key: 'b', sizeBytes: 6 * MIB, partSizeBytes: 5 * MIB, properties: had, tags: { old: 'tag' } },
  ]);
  scenario.yaml['object'] = {
    contentType: 'text/csv',
    contentLanguage: 'de',
    metadata: { Owner: 'new', More: 'x' },
    tags: { 'new one': 'täg' },
    storageClass: 'STANDARD',
  };
  expectCopied(await scenario.run(), { copied: 2 });
  const { s3 } = world.target;
  for (const Key of ['a', 'b']) {
    const at = { Bucket: scenario.buckets.target, Key };
    const head = await s3.send(new HeadObjectCommand(at));
    expect(head).toMatchObject({ ContentType: 'text/csv', ContentLanguage: 'de', CacheControl: 'no-store' });
    expect(head.Metadata).toMatchObject({ owner: 'new', kept: 'yes', more: 'x' });
    const { TagSet } = await s3.send(new GetObjectTaggingCommand(at));
    expect(TagSet).toEqual([{ Key: 'new one', Value: 'täg' }]);
  }
  // Settings alone make no object differ.
  scenario.yaml['object'] = { tags: 'drop' };
  expectCopied(await scenario.run(), { same: 2 });
  await scenario.fill('source', [{ key: 'a', seed: 'other', sizeBytes: 10, properties: had, tags: { old: 'tag' } }]);
  expectCopied(await scenario.run(), { same: 1, copied: 1 });
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket: scenario.buckets.target, Key: 'a' }));
  expect(TagSet).toEqual([]);
});

/** Older than what is put into the source afterwards: times of radosgw's have milliseconds, and its clock is ours. */
const modes = [
  { mode: 'missing', copies: ['missing'] },
  { mode: 'size', copies: ['missing', 'size'] },
  { mode: 'mtime', copies: ['missing', 'newer', 'size'] },
  { mode: 'etag', copies: ['content', 'large other', 'large unrecorded', 'missing', 'newer', 'parts', 'size'] },
  { mode: 'checksum', copies: ['content', 'large other', 'missing', 'size'] },
];

test.each(modes)('--compare $mode copies what it says: $copies', async ({ mode, copies }) => {
  await using scenario = await CopyScenario.create(world);
  const large = 6 * MIB;
  // First what only differs in age, in the order that makes it differ.
  await scenario.fill('source', [
    { key: 'content', sizeBytes: 10 },
    { key: 'size', sizeBytes: 10 },
    { key: 'same', sizeBytes: 10 },
    { key: 'large other', sizeBytes: large, partSizeBytes: 5 * MIB },
    { key: 'large unrecorded', sizeBytes: large, partSizeBytes: 5 * MIB },
    { key: 'parts', sizeBytes: large },
  ]);
  await scenario.fill('target', [
    { key: 'content', sizeBytes: 10, seed: 'another' },
    { key: 'size', sizeBytes: 11 },
    { key: 'same', sizeBytes: 10 },
    { key: 'large other', sizeBytes: large, seed: 'another', partSizeBytes: 5 * MIB },
    // The same bytes, which no ETag tells.
    { key: 'large unrecorded', sizeBytes: large },
    { key: 'parts', sizeBytes: large, partSizeBytes: 5 * MIB },
    { key: 'newer', sizeBytes: large, partSizeBytes: 5 * MIB },
  ]);
  await scenario.fill('source', [
    { key: 'missing', sizeBytes: 10 },
    { key: 'newer', sizeBytes: large },
  ]);
  const dry = await scenario.run(['--compare', mode, '--dry-run']);
  expect(dry.code).toBe(0);
  const told = dry.events.filter(({ type }) => type === 'copy-object').map(({ key }) => String(key));
  expect(told.toSorted()).toEqual(copies);
  expect(summaryOf(dry)).toMatchObject({ copied: 0, toCopy: copies.length, same: 8 - copies.length });
  expect(await scenario.digest('target', 'missing')).toBeUndefined();

  expectCopied(await scenario.run(['--compare', mode]), { copied: copies.length, same: 8 - copies.length });
  for (const key of copies) expect(await scenario.digest('target', key)).toBe(await scenario.digest('source', key));
  if (!copies.includes('content'))
    expect(await scenario.digest('target', 'content')).toBe(digestOf(seededBody('another', 10)));
});

test('prefixes, patterns and sizes choose what is copied; whole keys are kept where that is asked for', async () => {
  await using scenario = await CopyScenario.create(world, { sourcePrefix: 'data/', targetPrefix: 'copy/' });
  const keys = ['a/1.csv', 'a/2.tmp', 'a/deep/3.csv', 'b/1.csv', 'b/big.csv', 'ab/1.csv', 'c/1.csv'];
  await scenario.fill('source', [
    ...keys.map((key) => ({ key: `data/${key}`, sizeBytes: key.includes('big') ? 5000 : 50 })),
    { key: 'elsewhere/a/1.csv', sizeBytes: 5 },
  ]);
  scenario.yaml['prefixes'] = ['a/', 'b/'];
  scenario.yaml['targetKeys'] = 'whole';
  scenario.yaml['include'] = ['**/*.csv'];
  scenario.yaml['exclude'] = ['a/deep/**'];
  scenario.yaml['maxSize'] = '1 KB';
  expectCopied(await scenario.run(), { listed: 5, excluded: 3, copied: 2 });
  expect((await scenario.compare()).extra).toEqual(['data/a/1.csv', 'data/b/1.csv']);

  scenario.yaml['targetKeys'] = 'replace-prefix';
  delete scenario.yaml['maxSize'];
  expectCopied(await scenario.run(['--min-size', '1 KB']), { listed: 5, excluded: 4, copied: 1 });
  expect(await scenario.digest('target', 'copy/b/big.csv')).toBe(await scenario.digest('source', 'data/b/big.csv'));
});

test('times choose what is copied', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', [{ key: 'first', sizeBytes: 5 }]);
  const at = { Bucket: scenario.buckets.source, Key: 'first' };
  const { LastModified } = await world.source.s3.send(new GetObjectCommand(at));
  const isoOf = (addedMs: number): string => new Date((LastModified?.getTime() ?? 0) + addedMs).toISOString();
  expectCopied(await scenario.run(['--newer-than', isoOf(2000)]), { listed: 1, excluded: 1, copied: 0 });
  expectCopied(await scenario.run(['--older-than', isoOf(-2000)]), { listed: 1, excluded: 1, copied: 0 });
  expectCopied(await scenario.run(['--newer-than', isoOf(-2000), '--older-than', isoOf(2000)]), { copied: 1 });
});
