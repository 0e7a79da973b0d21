import { describe, expect, test } from 'vitest';
import { parseTransferFile } from '../../../src/copy/file/parse.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { changed, example as migration } from '../../migration/file/examples.ts';
import { example, minimal } from './examples.ts';

/** The message that a file is refused with. */
function refusal(text: string): string {
  try {
    parseTransferFile(text, 't.yaml', { env: { HOME: '/nowhere' } });
  } catch (error) {
    if (error instanceof DynaferryError && error.code === 'CONFIG_INVALID') return `\n${error.message}\n`;
    throw error;
  }
  throw new Error('the file was taken');
}

const bad = (part: string, by: string): string => refusal(changed(example, part, by));
/** The minimal file with lines added to its end. */
const added = (lines: string): string => refusal(`${minimal}${lines}\n`);
/** What is said, without line and caret. */
const said = (message: string): string =>
  message
    .split('\n')
    .filter((line) => line.startsWith('t.yaml'))
    .map((line) => line.replace(/^t\.yaml:\d+:\d+: /, ''))
    .join('\n');

describe('values', () => {
  test('of the wrong form, with line and caret', () => {
    expect(bad('url: s3://acme-export-us/exports/', 'url: acme-export-us')).toMatchInlineSnapshot(`
      "
      t.yaml:4:8: source.url: got "acme-export-us": expected s3://bucket/prefix; it does not begin with s3://
        4 |   url: acme-export-us
          |        ^
      "
    `);
    expect(bad('profile: global', 'profil: global')).toMatchInlineSnapshot(`
      "
      t.yaml:6:3: source.profil: unknown key; did you mean profile? the keys here are url, region, profile, role, endpoint, pathStyle, caFile, proxy, credentials, requestPayer
        6 |   profil: global
          |   ^
      "
    `);
    expect(bad("['**/*.parquet']", "['**/*.parquet', 'a[']")).toMatchInlineSnapshot(`
      "
      t.yaml:11:27: include.1: got "a[": expected a pattern such as **/*.csv or logs/; a [ is never closed; write \\[ for the character
        11 | include: ['**/*.parquet', 'a[']
           |                           ^
      "
    `);
    expect(bad("'22:00-06:00 Asia/Shanghai'", "'22:00-06:00 Asia/Peking'")).toMatchInlineSnapshot(`
      "
      t.yaml:20:36: limits.bandwidth."22:00-06:00 Asia/Peking": there is no time zone "Asia/Peking"; expected one such as Asia/Shanghai or UTC
        20 |   bandwidth: { default: 50 Mbit/s, '22:00-06:00 Asia/Peking': 500 Mbit/s }
           |                                    ^
      "
    `);
    expect(bad('  url: s3://acme-import-cn/from-us/\n', '')).toMatchInlineSnapshot(`
      "
      t.yaml:7:1: target.url: missing: expected s3://bucket/prefix
        7 | target:
          | ^
      "
    `);
  });

  test.each([
    ['source: 7', 'expected a map with url'],
    ["include: '*.csv'", 'expected a list of patterns'],
    ["include: ['']", 'it is empty'],
    ['newerThan: 2026-01-31T18:30:00', 'a time with its zone'],
    ['olderThan: 7', 'an age such as 7d'],
    ['minSize: 10', 'a size such as 10 MB'],
    ['compare: md5', 'expected etag, size, mtime, checksum or missing'],
    ['delete: yes', 'expected true or false'],
    ['targetKeys: all', 'expected replace-prefix or whole'],
    ['object: { acl: everyone }', 'bucket-owner-full-control'],
    ['object: { encryption: aes }', 'expected AES256, kms, or { kms:'],
    ['object: { encryption: { kms: a b } }', "a KMS key's id, alias/name or ARN"],
    ['object: { tags: some }', 'expected carry, drop, or a map'],
    ['object: { tags: { a: 7 } }', 'a number goes in quotes'],
    ["object: { tags: { 'aws:x': a } }", 'reserved'],
    [`object: { tags: { ${Array.from({ length: 11 }, (_, i) => `t${i}: x`).join(', ')} } }`, 'up to 10 tags'],
    ['object: { contentType: "a\\nb" }', 'in printable ASCII'],
    ["object: { metadata: { 'a b': x } }", 'part of a header'],
    ['object: { metadata: { a: ü } }', 'in printable ASCII'],
    [`object: { metadata: { a: ${'x'.repeat(2048)} } }`, '2048 bytes'],
    ['limits: { bandwidth: fast }', 'expected a rate such as 50 Mbit/s, or a map'],
    ['limits: { bandwidth: { default: fast } }', 'a rate such as 50 Mbit/s or 25 MB/s'],
    ["limits: { bandwidth: { '9:00-10:00 UTC': 1 MB/s } }", "such as '22:00-06:00 Asia/Shanghai'"],
    ["limits: { bandwidth: { '09:00-10:00': 1 MB/s } }", "such as '22:00-06:00 Asia/Shanghai'"],
    ["limits: { bandwidth: { '09:00-09:00 UTC': 1 MB/s } }", 'ends when it begins'],
    [
      "limits: { bandwidth: { '09:00-12:00 UTC': 1 MB/s, '11:59-13:00 UTC': 2 MB/s } }",
      "overlaps with '09:00-12:00 UTC'",
    ],
    [
      "limits: { bandwidth: { '22:00-06:00 UTC': 1 MB/s, '05:00-08:00 UTC': 2 MB/s } }",
      "overlaps with '22:00-06:00 UTC'",
    ],
    ["limits: { bandwidth: { '09:00-12:00 UTC': 1 MB/s, '13:00-14:00 Asia/Shanghai': 2 MB/s } }", 'one time zone'],
    ['limits: { connections: 0 }', 'from 1 to 1024'],
    ['limits: { connections: { max: 2000 } }', 'from 1 to 1024'],
    ['limits: { memory: 1 MiB }', 'from 64 MiB on'],
    ['limits: { partSize: 6 MiB }', 'a multiple of 5 MiB'],
    ['limits: { partSize: 10 GiB }', 'to 5 GiB'],
  ])('%s', (line, expected) => {
    const text = line.startsWith('source')
      ? changed(minimal, 'source:\n  url: s3://bucket-a\n  region: us-west-2', line)
      : `${minimal}${line}\n`;
    expect(said(refusal(text))).toContain(expected);
  });

  test('with secrets are not shown', () => {
    const secret = bad('profile: global', 'proxy: http://user:hunter2@proxy:3128');
    expect(secret).not.toContain('hunter2');
    expect(said(secret)).toContain('a URL with user and password goes into the environment variable');
    expect(said(bad('profile: global', 'secretAccessKey: hunter2'))).toContain(
      'credentials are never written into this file',
    );
  });
});

describe('contradictions', () => {
  test('of two keys, with line and caret', () => {
    expect(bad('compare: etag', 'minSize: 6 GB')).toMatchInlineSnapshot(`
      "
      t.yaml:13:10: maxSize: this is less than minSize, so that nothing would be copied; give a greater size
        13 | maxSize: 5 GB
           |          ^
      "
    `);
    expect(refusal(minimal.replaceAll('  region: us-west-2\n', ''))).toMatchInlineSnapshot(`
      "
      t.yaml:2:1: source: the region of the bucket is not known; add region: <region>, or set AWS_REGION or the profile's region
        2 | source:
          | ^
      t.yaml:4:1: target: the region of the bucket is not known; add region: <region>, or set AWS_REGION or the profile's region
        4 | target:
          | ^
      "
    `);
    expect(added('prefixes: [a/, b/, a/c/]')).toMatchInlineSnapshot(`
      "
      t.yaml:8:20: prefixes.2: this lies within "a/", which is listed too; remove one of the two
        8 | prefixes: [a/, b/, a/c/]
          |                    ^
      "
    `);
  });

  test.each([
    ['prefixes: []', 'this list is empty'],
    ['prefixes: [a, a]', 'lies within "a"'],
    ["prefixes: ['', a]", 'lies within ""'],
    [`prefixes: [${'a'.repeat(1025)}]`, '1024 bytes'],
    ['newerThan: 7d\nolderThan: 8d', 'no object is both this old'],
    ['newerThan: 2026-01-02\nolderThan: 2026-01-01', 'no object is both this old'],
    ['limits: { connections: { min: 9, max: 8 } }', 'less than min'],
    ['limits: { partSize: 1000 MiB }', 'larger than the memory'],
    ['object: { storageClass: COLD }', 'S3 has no storage class "COLD"'],
    [
      "object: { encryption: { kms: 'arn:aws-cn:kms:cn-north-1:111122223333:key/x' } }",
      'a key of the partition aws-cn',
    ],
  ])('%s', (lines, expected) => expect(said(added(lines))).toContain(expected));

  test.each([
    ['s3://bucket-a', 'this is the source itself'],
    ['s3://bucket-a/copies/', 'lies within the source'],
    ['s3://bucket-b--usw2-az1--x-s3', 'this is a directory bucket'],
  ])('the target %s', (url, expected) => {
    expect(said(refusal(changed(minimal, 's3://bucket-b', url)))).toContain(expected);
  });

  test('a deletion that would take the source', () => {
    const restore = changed(
      changed(minimal, 's3://bucket-a', 's3://bucket-a/backup/'),
      's3://bucket-b',
      's3://bucket-a/',
    );
    expect(() => parseTransferFile(restore, 't.yaml')).not.toThrow();
    expect(said(refusal(`${restore}delete: true\n`))).toContain('so that it would be deleted');
  });

  test.each([
    ["'http://127.0.0.1:9000', profile: reader", "'http://127.0.0.1:9000', profile: writer"],
    ['https://s3.us-west-2.amazonaws.com', "''"],
  ])('a deletion that would take the source, whatever the ways to it (%s, %s)', (source, target) => {
    const site = (url: string, endpoint: string): string =>
      `{ url: ${url}, region: us-west-2${endpoint === "''" ? '' : `, endpoint: ${endpoint}`} }`;
    const sites = `version: 1\nsource: ${site('s3://bucket-a/backup/', source)}\ntarget: ${site('s3://bucket-a/', target)}\n`;
    expect(() => parseTransferFile(sites, 't.yaml')).not.toThrow();
    expect(said(refusal(`${sites}delete: true\n`))).toContain('so that it would be deleted');
  });

  test('buckets of one name in two partitions are two', () => {
    const text = changed(
      changed(minimal, 's3://bucket-b', 's3://bucket-a'),
      's3://bucket-a\n  region: us-west-2\n',
      's3://bucket-a\n  region: cn-north-1\n',
    );
    expect(() => parseTransferFile(text, 't.yaml')).not.toThrow();
  });

  test('regions, roles and credentials', () => {
    expect(said(bad('region: us-west-2', 'region: us-west'))).toContain('"us-west" is not an AWS region');
    expect(said(bad('profile: china', 'role: arn:aws:iam::111122223333:role/x'))).toContain(
      'a role of the partition aws cannot be assumed in cn-north-1',
    );
    expect(said(bad('profile: global', 'profile: global\n  credentials: env:X_'))).toContain(
      'remove profile or credentials',
    );
    expect(said(bad('profile: global', 'credentials: anonymous\n  role: arn:aws:iam::111122223333:role/x'))).toContain(
      'without credentials',
    );
    expect(said(bad('profile: china', 'credentials: anonymous'))).toContain('expected env:PREFIX_');
  });
});

test('a migration.yaml is sent to where it belongs', () => {
  expect(refusal(migration)).toContain('this describes a migration of a table');
});
