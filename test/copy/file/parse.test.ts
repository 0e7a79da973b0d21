import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CopyPlan } from '../../../src/copy/copy-plan.ts';
import { kindOfFile, parseTransferFile, readTransferFile } from '../../../src/copy/file/parse.ts';
import { openCopyFile } from '../../../src/copy/open-copy-file.ts';
import { changed, example as migration } from '../../migration/file/examples.ts';
import { newFolder } from '../../world/home.ts';
import { example, minimal } from './examples.ts';

const nothingSet = { env: { HOME: '/nowhere' } };
const parse = (text: string, env: Record<string, string> = {}): CopyPlan =>
  parseTransferFile(text, 't.yaml', { env: { ...nothingSet.env, ...env }, folder: '/folder' });
const added = (lines: string): CopyPlan => parse(`${minimal}${lines}\n`);

test('a file of everything becomes a plan', () => {
  expect(parse(example)).toEqual({
    name: 'exports-to-china',
    source: { bucket: 'acme-export-us', region: 'us-west-2', profile: 'global' },
    target: { bucket: 'acme-import-cn', region: 'cn-north-1', profile: 'china' },
    prefixes: [{ source: 'exports/', target: 'from-us/' }],
    scope: { include: ['**/*.parquet'], exclude: [], olderThan: { agoMs: 300_000 }, maxSizeBytes: 5e9 },
    compare: 'etag',
    deleteExtra: false,
    object: { storageClass: 'STANDARD_IA', encryption: { kind: 'aws:kms' }, tags: 'carry' },
    bounds: { connectionsMin: 8, connectionsMax: 8, memoryBytes: 768 * 2 ** 20, partSizeBytes: 50 * 2 ** 20 },
    bandwidth: {
      defaultBytesPerSecond: 6_250_000,
      windows: [{ fromMinute: 1320, toMinute: 360, timeZone: 'Asia/Shanghai', bytesPerSecond: 62_500_000 }],
    },
    serverSide: true,
  });
});

test('the least of a file has all defaults', () => {
  expect(parse(minimal)).toEqual({
    name: expect.stringMatching(/^bucket-a-to-bucket-b-[0-9a-f]{8}$/) as string,
    source: { bucket: 'bucket-a', region: 'us-west-2' },
    target: { bucket: 'bucket-b', region: 'us-west-2' },
    prefixes: [{ source: '', target: '' }],
    scope: { include: [], exclude: [] },
    compare: 'etag',
    deleteExtra: false,
    object: { tags: 'carry' },
    bounds: { connectionsMin: 4, connectionsMax: 256, memoryBytes: 768 * 2 ** 20 },
    bandwidth: { windows: [] },
    serverSide: true,
  });
});

test('a name that is made is one of the URLs alone, and fits where names are used', () => {
  const name = (text: string): string => parse(text).name;
  expect(name(changed(minimal, 's3://bucket-a', 's3://bucket-a/'))).toBe(name(minimal));
  expect(name(changed(minimal, 's3://bucket-a', 's3://bucket-a/x'))).not.toBe(name(minimal));
  expect(name(`${minimal}include: ['*']\n`)).toBe(name(minimal));
  expect(name(changed(minimal, 'bucket-a', `a.${'b'.repeat(60)}`))).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/);
});

describe('prefixes', () => {
  test.each([
    ['s3://bucket-a', ''],
    ['s3://bucket-a/', ''],
    ['s3://bucket-a/logs', 'logs'],
    ['s3://bucket-a/logs/', 'logs/'],
    ['s3://bucket-a//a//b', '/a//b'],
    ['s3://bucket-a/größe 😀+%20', 'größe 😀+%20'],
  ])('%s is taken to the letter', (uri, prefix) => {
    expect(parse(changed(minimal, 's3://bucket-a', uri)).prefixes).toEqual([{ source: prefix, target: '' }]);
  });

  const two = changed(changed(minimal, 's3://bucket-a', 's3://bucket-a/in/'), 's3://bucket-b', 's3://bucket-b/out/');
  test('are put behind both URLs, in the order of a listing; patterns count from the URL', () => {
    const plan = parse(`${two}prefixes: ['b/', '\uFF5E', '😀', 'a/']\n`);
    expect(plan.prefixes.map(({ source }) => source)).toEqual(['in/a/', 'in/b/', 'in/\uFF5E', 'in/😀']);
    expect(plan.prefixes[0].target).toBe('out/a/');
    expect(plan.scope.base).toBe('in/');
  });

  test('are followed by whole keys where that is asked for', () => {
    expect(parse(`${two}targetKeys: whole\nprefixes: [a/]\n`).prefixes).toEqual([
      { source: 'in/a/', target: 'out/in/a/' },
    ]);
  });
});

describe('sites', () => {
  test('of other services', () => {
    const text = `version: 1
source: { url: s3://Old_Bucket/, endpoint: http://127.0.0.1:7480/, credentials: anonymous, pathStyle: false, caFile: ca.pem }
target: { url: s3://bucket-b/, endpoint: https://minio.acme.example, region: home, credentials: env:T_, proxy: env:T_PROXY, caFile: /etc/ca.pem }
`;
    const { source, target } = parse(text);
    expect(source).toEqual({
      bucket: 'Old_Bucket',
      region: 'us-east-1',
      endpoint: { s3: 'http://127.0.0.1:7480' },
      anonymous: true,
      pathStyle: false,
      caFile: '/folder/ca.pem',
    });
    expect(target).toEqual({
      bucket: 'bucket-b',
      region: 'home',
      endpoint: { s3: 'https://minio.acme.example' },
      environmentPrefix: 'T_',
      proxy: 'env:T_PROXY',
      caFile: '/etc/ca.pem',
    });
  });

  test('take their regions from their profiles, or from the environment', () => {
    const home = newFolder();
    mkdirSync(join(home, '.aws'));
    writeFileSync(join(home, '.aws', 'config'), '[profile china]\nregion = cn-northwest-1\n');
    const plan = parse('version: 1\nsource: { url: s3://bucket-a }\ntarget: { url: s3://bucket-b, profile: china }\n', {
      HOME: home,
      AWS_REGION: 'eu-west-1',
    });
    expect([plan.source.region, plan.target.region]).toEqual(['eu-west-1', 'cn-northwest-1']);
  });

  test('with a role and requester pays', () => {
    const text = changed(
      minimal,
      'region: us-west-2',
      'region: us-west-2\n  requestPayer: true\n  role: arn:aws:iam::111122223333:role/x',
    );
    expect(parse(text).source).toMatchObject({ requestPayer: true, role: { arn: 'arn:aws:iam::111122223333:role/x' } });
  });
});

describe('settings', () => {
  test('of objects', () => {
    expect(
      added('object: { encryption: { kms: alias/x }, metadata: { Owner: ops }, tags: { a: b }, contentType: text/csv }')
        .object,
    ).toEqual({
      encryption: { kind: 'aws:kms', keyId: 'alias/x' },
      metadata: { owner: 'ops' },
      tags: { a: 'b' },
      contentType: 'text/csv',
    });
  });

  test.each([
    ['{ max: 2 }', 2, 2],
    ['{ min: 300 }', 300, 300],
    ['{ min: 8 }', 8, 256],
    ['{ min: 1, max: 9 }', 1, 9],
  ])('connections %s', (text, connectionsMin, connectionsMax) => {
    expect(added(`limits: { connections: ${text} }`).bounds).toMatchObject({ connectionsMin, connectionsMax });
  });

  test('of bandwidth: one rate, times over midnight, the whole day', () => {
    expect(added('limits: { bandwidth: 1 MB/s }').bandwidth).toEqual({ defaultBytesPerSecond: 1e6, windows: [] });
    const { bandwidth } = added("limits: { bandwidth: { '18:00-24:00 UTC': 1 MB/s, '00:00-06:00 UTC': 2 MB/s } }");
    expect(bandwidth.windows.map(({ fromMinute, toMinute }) => [fromMinute, toMinute])).toEqual([
      [1080, 1440],
      [0, 360],
    ]);
  });

  test('of scope', () => {
    expect(added("newerThan: 2026-01-31\nolderThan: 7d\nminSize: 1 KB\nexclude: ['a/']").scope).toEqual({
      include: [],
      exclude: ['a/'],
      newerThan: { atMs: Date.parse('2026-01-31T00:00:00Z') },
      olderThan: { agoMs: 7 * 86_400_000 },
      minSizeBytes: 1000,
    });
  });
});

test('a file on disk is opened with its folder for paths and state', async () => {
  const path = join(newFolder(), 'transfer.yaml');
  writeFileSync(path, changed(minimal, 'region: us-west-2', 'region: us-west-2\n  caFile: ca.pem'));
  const plan = await readTransferFile(path, nothingSet);
  expect(plan.source.caFile).toBe(join(path, '..', 'ca.pem'));
  const copy = await openCopyFile(path, nothingSet);
  expect(copy.plan).toEqual(plan);
  await expect(readTransferFile(`${path}.not`, nothingSet)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    fix: expect.stringContaining('transfer.yaml') as string,
  });
});

test('kinds of files are told by what stands in them', () => {
  expect([example, migration, 'a: [', '', 'version: 1'].map(kindOfFile)).toEqual([
    'transfer',
    'migration',
    'neither',
    'neither',
    'neither',
  ]);
});
