import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { copyBuckets } from '../../../src/cli/copy/copy-buckets.ts';
import type { CopyFlags } from '../../../src/cli/copy/flags.ts';
import type { CopySummary } from '../../../src/index.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { minimal } from '../../copy/file/examples.ts';
import { newFolder } from '../../world/home.ts';
import { CapturedSession } from './captured-session.ts';
import { FakeCopies, summaryOf } from './fake-copy.ts';

let copies: FakeCopies;

beforeEach(() => {
  copies = new FakeCopies();
  vi.stubEnv('HOME', '/nowhere');
  vi.stubEnv('AWS_REGION', 'us-west-2');
});
afterEach(() => vi.unstubAllEnvs());

const uris = ['s3://bucket-a/x/', 's3://bucket-b/'] as const;

function run(
  flags: CopyFlags = {},
  session = new CapturedSession(),
  args: readonly [string, string?] = uris,
): Promise<number> {
  return copyBuckets(session, [args[0], args[1]], flags, { open: copies.open });
}

function fileOf(text: string): string {
  const path = join(newFolder(), 'transfer.yaml');
  writeFileSync(path, text);
  return path;
}

describe('what is asked for', () => {
  test('by two URIs', async () => {
    expect(await run()).toBe(0);
    expect(copies.asked).toMatchObject([
      { mode: 'copy', stateDir: join(process.cwd(), '.dynaferry'), plan: { prefixes: [{ source: 'x/', target: '' }] } },
    ]);
  });

  test('by a file, whose state lies beside it', async () => {
    const path = fileOf(minimal);
    await run({}, undefined, [path]);
    await run({}, new CapturedSession({ stateDir: '/elsewhere' }), [path]);
    expect(copies.asked.map(({ stateDir }) => stateDir)).toEqual([join(path, '..', '.dynaferry'), '/elsewhere']);
  });

  test('by options over a file', async () => {
    const path = fileOf(`${minimal}  profile: p\ninclude: ['*']\nlimits: { memory: 100 MiB, connections: 3 }\n`);
    await run(
      {
        targetCredentials: 'env:T_',
        include: ['a/', 'b/'],
        connections: '4-8',
        sse: 'aws:kms:alias/x',
        bandwidth: '8 Mbit/s',
      },
      undefined,
      [path],
    );
    expect(copies.asked[0].plan).toMatchObject({
      target: { environmentPrefix: 'T_' },
      scope: { include: ['a/', 'b/'] },
      bounds: { connectionsMin: 4, connectionsMax: 8, memoryBytes: 100 * 2 ** 20 },
      object: { encryption: { kind: 'aws:kms', keyId: 'alias/x' } },
      bandwidth: { defaultBytesPerSecond: 1e6 },
    });
    expect(copies.asked[0].plan.target).not.toHaveProperty('profile');
  });

  test('by all the options', async () => {
    await run({
      sourceProfile: 'p',
      sourceRegion: 'eu-west-1',
      targetEndpoint: 'http://127.0.0.1:7480',
      requestPayer: true,
      exclude: ['**/*.tmp'],
      newerThan: '7d',
      olderThan: '2026-01-31',
      minSize: '1 KB',
      maxSize: '1 GB',
      compare: 'size',
      delete: true,
      storageClass: 'COLD',
      acl: 'private',
      sse: 'AES256',
      connections: '9',
      partSize: '10 MiB',
      retryFailed: true,
    });
    expect(copies.asked).toMatchObject([
      {
        mode: 'retry-failed',
        plan: {
          source: { profile: 'p', region: 'eu-west-1', requestPayer: true },
          target: { endpoint: { s3: 'http://127.0.0.1:7480' } },
          scope: {
            exclude: ['**/*.tmp'],
            newerThan: { agoMs: 604_800_000 },
            olderThan: { atMs: 1_769_817_600_000 },
            minSizeBytes: 1000,
            maxSizeBytes: 1e9,
          },
          compare: 'size',
          deleteExtra: true,
          object: { storageClass: 'COLD', acl: 'private', encryption: { kind: 'AES256' } },
          bounds: { connectionsMin: 9, connectionsMax: 9, partSizeBytes: 10 * 2 ** 20 },
        },
      },
    ]);
  });

  test('a prefix without its slash is asked about', async () => {
    const session = new CapturedSession();
    await run({}, session, ['s3://bucket-a/logs', 's3://bucket-b/']);
    expect(session.err.join()).toMatch(/warning: the source's prefix does not end with \//);
    await run({}, session, ['s3://bucket-a/logs', 's3://bucket-b/logs']);
    expect(session.err).toHaveLength(1);
  });

  test('stale uploads are aborted, and nothing is copied', async () => {
    const session = new CapturedSession();
    expect(await run({ abortStale: true }, session)).toBe(0);
    expect(await run({ abortStale: '12h' }, new CapturedSession())).toBe(0);
    expect(copies.staleAges).toEqual([7 * 86_400_000, 12 * 3_600_000]);
    expect(session.out).toEqual(['3 unfinished uploads below s3://bucket-b/ aborted']);
    expect(copies.asked).toEqual([]);
  });
});

describe('a command line is refused', () => {
  test.each<[string, CopyFlags, readonly [string, string?], RegExp]>([
    ['two things to do', { dryRun: true, verify: true }, uris, /--dry-run and --verify are different things to do/],
    ['two schedules', { every: '1m', watch: true }, uris, /--every and --watch/],
    ['a dry run again and again', { dryRun: true, every: '1m' }, uris, /--dry-run is done once/],
    ['two credentials', { sourceProfile: 'x', anonymousSource: true }, uris, /--source-profile and --anonymous-source/],
    ['a zone of nothing', { timeZone: 'UTC' }, uris, /--cron is not given/],
    ['a schedule that is none', { every: 'daily' }, uris, /--every: got "daily"/],
    ['a pattern of time that is none', { cron: 'x' }, uris, /--cron: got "x": expected five fields/],
    ['a zone that is none', { cron: '* * * * *', timeZone: 'Mars' }, uris, /--time-zone: got "Mars"/],
    ['an age that is none', { abortStale: 'old' }, uris, /--abort-stale: got "old"/],
    ['a URI without a target', {}, ['s3://bucket-a'], /the target is missing/],
    ['a folder', {}, ['folder', 's3://bucket-a'], /"folder" is not in S3/],
    [
      'a slash left out',
      {},
      ['s3:/bucket-a/x', 's3://bucket-b'],
      /^source: got "s3:\/bucket-a\/x": .*begin with s3:\/\//,
    ],
    ['two files', {}, ['a.yaml', 'b.yaml'], /two files/],
    [
      'a URI that is none',
      {},
      ['s3:///x', 's3://bucket-b'],
      /source: got "s3:\/\/\/x": expected s3:\/\/bucket\/prefix/,
    ],
    ['a target that is none', {}, ['s3://bucket-a', 'bucket-b'], /target: got "bucket-b"/],
    ['a value', { partSize: '6 MiB' }, uris, /--part-size: got "6 MiB": expected a multiple of 5 MiB/],
    ['a pattern', { exclude: ['a', '{b'] }, uris, /--exclude: got "\{b": .*never closed/],
    ['connections', { connections: '9-3' }, uris, /--connections: got "9-3"/],
    ['encryption', { sse: 'des' }, uris, /--sse: got "des": expected AES256/],
    ['options against each other', { minSize: '2 KB', maxSize: '1 KB' }, uris, /--max-size: this is less than minSize/],
    ['a storage class', { storageClass: 'COLD' }, uris, /--storage-class: S3 has no storage class/],
    ['the same place', {}, ['s3://bucket-a', 's3://bucket-a'], /target: this is the source itself/],
  ])('for %s', async (_, flags, args, message) => {
    const error = await run(flags, undefined, args).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'USAGE' });
    expect((error as Error).message).toMatch(message);
    expect((error as DynaferryError).fix).not.toBe('');
  });

  test('by what a file says, with its line, but for what options set right', async () => {
    const path = fileOf(`${minimal}minSize: 2 KB\nmaxSize: 1 KB\n`);
    await expect(run({}, undefined, [path])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(':9:10: maxSize') as string,
    });
    expect(await run({ maxSize: '3 KB' }, undefined, [path])).toBe(0);
    await expect(run({ partSize: '1000 MiB', maxSize: '3 KB' }, undefined, [path])).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^--part-size: /) as string,
    });
  });

  test('where no region is known', async () => {
    vi.stubEnv('AWS_REGION', '');
    await expect(run()).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^--source-region: the region .*\n--target-region: /) as string,
    });
  });
});

describe('a run ends', () => {
  test.each<[string, Partial<CopySummary>, CopyFlags, number]>([
    ['0 where all is done', {}, {}, 0],
    ['8 where objects failed', { failed: 1 }, {}, 8],
    ['8 where objects are archived', { archived: 1 }, {}, 8],
    [
      "with its error's code",
      { ok: false, failed: 1, error: { code: 'ACCESS_DENIED', message: 'm', fix: 'f' } },
      {},
      4,
    ],
    ['10 where another process runs it', { ok: false, error: { code: 'LOCKED', message: 'm', fix: 'f' } }, {}, 10],
    ['130 where it was interrupted', { ok: false, error: { code: 'INTERRUPTED', message: 'm', fix: 'f' } }, {}, 130],
    ['0 where the sides are the same', { extra: 1 }, { verify: true }, 0],
    ['7 where they differ', { toCopy: 1 }, { verify: true }, 7],
    ['7 where something is to be deleted', { extra: 1 }, { verify: true, delete: true }, 7],
    ['0 where a dry run has something to do', { toCopy: 1 }, { dryRun: true }, 0],
  ])('%s', async (_, summary, flags, exitCode) => {
    copies.answers = [() => summaryOf(summary)];
    expect(await run(flags)).toBe(exitCode);
  });

  test('with the summary as the last line of --json, once', async () => {
    const session = new CapturedSession({ json: true });
    copies.events = [
      { type: 'copy-object', copy: 'a-to-b', key: 'k', action: 'copy', reason: 'missing', sizeBytes: 7 },
      summaryOf(),
    ];
    copies.answers = [() => summaryOf({ toCopy: 1, toCopyBytes: 1000 })];
    await run({ dryRun: true, bandwidth: '100 B/s' }, session);
    expect(session.events).toEqual([
      copies.events[0],
      { ...summaryOf({ toCopy: 1, toCopyBytes: 1000 }), estimatedSeconds: 10 },
    ]);
  });

  test('of a dry run with what would be copied, why, how much and how long', async () => {
    const session = new CapturedSession();
    const decision = { type: 'copy-object', copy: 'a-to-b', action: 'copy', sizeBytes: 1_500_000 } as const;
    copies.events = [
      { ...decision, key: 'a\u001b[31m', reason: 'missing' },
      { ...decision, key: 'b', reason: 'etag' },
      { type: 'copy-object', copy: 'a-to-b', key: 'c', reason: 'extra', action: 'delete' },
    ];
    copies.answers = [() => summaryOf({ listed: 9, same: 7, toCopy: 2, toCopyBytes: 3_000_000, extra: 1 })];
    copies.status = {
      ...copies.status,
      last: { finishedMs: 0, summary: summaryOf({ bytes: 100_000_000, seconds: 100 }) },
    };
    await run({ dryRun: true, delete: true }, session);
    expect(`\n${session.out.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      copy      missing       1.5 MB  a\\u{1b}[31m
      copy      etag          1.5 MB  b
      delete    extra                 c
      a-to-b: a dry run of 1.0 s; nothing was copied
        listed    9  objects of the source
        same      7  at both sides
        to copy   2  3.0 MB: 1 missing (1.5 MB), 1 with another ETag (1.5 MB)
        extra     1  that the source does not have, to be deleted
        time      about 3.0 s at the last run's 1.0 MB/s, for 2 objects
      "
    `);
  });

  test('of a dry run of an empty source with that nothing was listed', async () => {
    const session = new CapturedSession();
    await run({ dryRun: true }, session);
    expect(session.out.join('\n').split('\n').slice(1)).toEqual([
      '  listed    0  objects of the source',
      '  to copy   0  0 bytes',
    ]);
  });

  test('of a copy that left objects, with where they are listed', async () => {
    const session = new CapturedSession();
    copies.answers = [
      () =>
        summaryOf({
          listed: 1300,
          excluded: 12,
          same: 1000,
          copied: 286,
          bytes: 5e9,
          seconds: 125,
          failed: 3,
          failures: [
            { code: 'REQUEST_REFUSED', objects: 2, reason: 'target: S3 refuses PutObject on s3://b/\u001b[31m' },
            { code: 'ACCESS_DENIED', objects: 1, reason: 'source: not allowed' },
          ],
          failedFile: '/state/failed.jsonl',
          retries: 4,
        }),
    ];
    await run({}, session);
    expect(`\n${session.out.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      a-to-b: ended after 2 min 5 s; not everything is at the target
        listed    1,300  objects of the source
        left out     12  by patterns, times and sizes
        same      1,000  at both sides
        copied      286  objects, 5.0 GB, 40.0 MB/s
        failed        3  listed in /state/failed.jsonl; --retry-failed tries them again
          2 REQUEST_REFUSED, such as: target: S3 refuses PutObject on s3://b/\\u{1b}[31m
          1 ACCESS_DENIED: source: not allowed
        retries       4  requests that were sent again
      "
    `);
  });
});

describe('again and again', () => {
  /** A clock that sleeping moves on, and a session that is interrupted at a time. */
  function world(untilMs: number, session: CapturedSession) {
    let nowMs = 0;
    return {
      open: copies.open,
      advance: (ms: number) => (nowMs += ms),
      clock: {
        now: () => nowMs,
        sleep: async (ms: number) => {
          nowMs += ms;
          if (nowMs >= untilMs) session.interruption.abort();
        },
      },
    };
  }

  test('runs go on after a failed one, and the last one says the exit code', async () => {
    const session = new CapturedSession({ json: true });
    copies.answers = [
      () => {
        throw new DynaferryError('LOCKED', 'another process');
      },
      () => summaryOf({ failed: 1 }),
    ];
    const exitCode = await copyBuckets(session, [...uris], { every: '10m' }, world(1_500_000, session));
    expect(exitCode).toBe(8);
    expect(copies.asked).toHaveLength(3);
    expect(session.events.filter((event) => (event as { type: string }).type === 'error')).toMatchObject([
      { code: 'LOCKED' },
    ]);
  });

  test('runs never overlap: those that are due meanwhile are left out, and that is said', async () => {
    const session = new CapturedSession();
    const clock = world(3_700_000, session);
    copies.answers = [() => (clock.advance(1_900_000), summaryOf()), () => summaryOf()];
    await copyBuckets(session, [...uris], { every: '10m' }, clock);
    expect(session.err[0]).toBe(
      '3 runs that were due while the last one went on are left out; the next run begins at 1970-01-01T00:40:00.000Z',
    );
  });

  test('a watched copy is run again ten seconds after each run', async () => {
    const session = new CapturedSession();
    const clock = world(35_000, session);
    copies.answers = [() => (clock.advance(5000), summaryOf())];
    expect(await copyBuckets(session, [...uris], { watch: true }, clock)).toBe(0);
    expect(copies.asked).toHaveLength(3);
  });
});
