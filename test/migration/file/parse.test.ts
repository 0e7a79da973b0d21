import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMigrationFile, readMigrationFile } from '../../../src/migration/file/parse.ts';
import { changed, example, minimal } from './examples.ts';

const parse = (text: string) => parseMigrationFile(text, 'migration.yaml');

/** What a file has that says nothing of these. */
const defaults = {
  export: { compression: 'zstd', objectSizeBytes: 33_554_432, pushDown: true },
  load: { mode: { kind: 'overwrite' } },
  replicate: {
    isGiven: false,
    stream: 'require',
    deletes: 'apply',
    ttlDeletes: 'apply',
    applied: 'keep',
    conflict: undefined,
    tombstonesMs: 2_592_000_000,
  },
};

describe('a good file', () => {
  test('has its units parsed, its URIs taken apart and its defaults filled in', () => {
    expect(parse(example)).toEqual({
      name: 'users-to-china',
      source: {
        region: 'us-west-2',
        profile: 'global',
        endpoint: { dynamodb: 'http://127.0.0.1:8000', s3: 'http://127.0.0.1:7480' },
        input: { table: 'user-us' },
        staging: { bucket: 'acme-export-us', prefix: 'dynaferry/' },
        consistentRead: false,
      },
      target: {
        region: 'cn-north-1',
        profile: 'china',
        table: 'user_migrated_cn',
        staging: { bucket: 'acme-import-cn', prefix: 'dynaferry/' },
        create: true,
      },
      policy: {
        filter: "country = 'China'",
        attributes: {
          govid: { hash: { key: 'env:GOVID_KEY' } },
          email: { mask: 'email' },
          sex: 'drop',
          first_name: { rename: 'given_name' },
        },
        unlisted: 'keep',
      },
      ...defaults,
      limits: { readShare: 0.5, writeUnits: 4000, bandwidthBytesPerSecond: 25_000_000 },
    });
  });

  test('may say no more than it must', () => {
    expect(parse(minimal)).toEqual({
      name: 't',
      source: {
        region: 'us-west-2',
        input: { table: 'users' },
        staging: { bucket: 'bucket-a', prefix: '' },
        consistentRead: false,
      },
      target: {
        region: 'us-west-2',
        table: 'users2',
        staging: { bucket: 'bucket-b', prefix: 'x/' },
        create: true,
      },
      policy: { attributes: {}, unlisted: 'keep' },
      ...defaults,
      limits: {},
    });
  });

  test('may read an export, with a role and credentials of its own prefix', () => {
    const text = changed(
      minimal,
      'table: users\n',
      `export: s3://native/AWSDynamoDB/01700000000000-abcdef12
  credentials: env:SOURCE_
  role: { arn: 'arn:aws:iam::111122223333:role/team/reader', externalId: partner-7, sessionName: move }
`,
    );
    expect(parse(text).source).toEqual({
      region: 'us-west-2',
      environmentPrefix: 'SOURCE_',
      role: { arn: 'arn:aws:iam::111122223333:role/team/reader', externalId: 'partner-7', sessionName: 'move' },
      input: { export: { bucket: 'native', prefix: 'AWSDynamoDB/01700000000000-abcdef12/' } },
      staging: { bucket: 'bucket-a', prefix: '' },
      consistentRead: false,
    });
  });

  test('may choose everything', () => {
    const text = `${changed(minimal, '  table: users2\n', '  table: users2\n  create: false\n  role: arn:aws:iam::111122223333:role/writer\n')}export: { compression: gzip, objectSize: 64 MB, segments: 7, pushDown: false }
load: { mode: { newer: { by: last_update_timestamp } }, concurrency: 9 }
limits: { read: 1.5, write: 12.5% }
`;
    const file = parse(text);
    expect(file.target).toMatchObject({ create: false, role: { arn: 'arn:aws:iam::111122223333:role/writer' } });
    expect(file.export).toEqual({ compression: 'gzip', objectSizeBytes: 64_000_000, segments: 7, pushDown: false });
    expect(file.load).toEqual({ mode: { kind: 'newer', by: 'last_update_timestamp' }, concurrency: 9 });
    expect(file.limits).toEqual({ readUnits: 1.5, writeShare: 0.125 });
  });

  test('may begin with a byte order mark and have the line ends of Windows', () => {
    expect(parse(`\uFEFF${example.replaceAll('\n', '\r\n')}`)).toEqual(parse(example));
  });
});

describe('reading from disk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migration-file-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('gives what the text says', async () => {
    const path = join(folder, 'good.yaml');
    await writeFile(path, example);
    expect(await readMigrationFile(path)).toEqual(parse(example));
  });

  test('says what is wrong with the path', async () => {
    const missing = join(folder, 'missing.yaml');
    await expect(readMigrationFile(missing)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${missing}: there is no such file`,
    });
    await expect(readMigrationFile(folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${folder}: this is a folder; name the file in it`,
    });
  });

  test('says when it is not UTF-8', async () => {
    const path = join(folder, 'latin1.yaml');
    await writeFile(path, Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xe9]));
    await expect(readMigrationFile(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${path}: it is not UTF-8 text; save it as UTF-8`,
    });
  });
});
