import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import { runIncrementalCapture } from '../../../src/stages/capture/incremental-capture.ts';
import { openIncrementalExports } from '../../../src/stages/capture/incremental-exports.ts';
import { openCapture } from '../../../src/stages/capture/open-capture.ts';
import { findCapture } from '../../../src/staging/change-log.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { contextOf } from '../export/run-export.ts';
import { readLog } from './run-capture.ts';

const policy = await policyOf({ filter: "country = 'China'", attributes: { secret: 'drop' } });
const exportLayout = new ExportLayout('exports/AWSDynamoDB/01-a/');
const signal = new AbortController().signal;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-incremental-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const item = (pk: string, country: string, blob = ''): Record<string, unknown> => ({
  PK: { S: pk },
  country: { S: country },
  secret: { S: `secret of ${pk}` },
  blob: { S: blob },
});

interface Line {
  Metadata: { WriteTimestampMicros: { N: string } };
  Keys: unknown;
  NewImage?: unknown;
  OldImage?: unknown;
}

const line = (pk: string, NewImage?: unknown, OldImage?: unknown): Line => ({
  Metadata: { WriteTimestampMicros: { N: '1717200000123456' } },
  Keys: { PK: { S: pk } },
  ...(NewImage !== undefined && { NewImage }),
  ...(OldImage !== undefined && { OldImage }),
});

/** A bucket with an incremental export of these files. */
async function exported(files: Line[][], outputView = 'NEW_AND_OLD_IMAGES'): Promise<MemoryBucket> {
  const bucket = new MemoryBucket();
  let manifest = '';
  for (const [n, lines] of files.entries()) {
    const body = gzipSync(lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const dataFileS3Key = `exports/AWSDynamoDB/data/${n}.json.gz`;
    await bucket.put(dataFileS3Key, body);
    const md5Checksum = createHash('md5').update(body).digest('base64');
    manifest += `${JSON.stringify({ itemCount: lines.length, md5Checksum, dataFileS3Key })}\n`;
  }
  await bucket.put(exportLayout.manifestFiles, Buffer.from(manifest));
  const summary = {
    itemCount: files.flat().length,
    outputFormat: 'DYNAMODB_JSON',
    manifestFilesS3Key: exportLayout.manifestFiles,
    exportType: 'INCREMENTAL_EXPORT',
    exportFromTime: '2024-06-01T00:00:00.000Z',
    exportToTime: '2024-06-01T00:15:00.000Z',
    outputView,
    tableArn: 'arn:aws:dynamodb:us-west-2:1:table/t',
  };
  await bucket.put(exportLayout.manifestSummary, Buffer.from(JSON.stringify(summary)));
  return bucket;
}

/** Takes the export into the log that is in the same bucket, at a machine. */
async function capture(bucket: MemoryBucket, machine = 'a', by = policy): Promise<ExportLayout> {
  const ledger = ChangeLedger.open(join(folder, machine));
  try {
    const exports = await openIncrementalExports([{ bucket, layout: exportLayout }], signal);
    const opened = await openCapture({
      bucket,
      prefix: 'p/',
      ledger,
      captureId: ledger.fact('captureId') ?? (await findCapture(bucket, 'p/')),
      header: {
        migration: 'm',
        policyHash: by.hash,
        policyEffectHash: by.hash,
        source: exports[0].tableArn,
        isOfExports: true,
        keySchema: { partition: { name: 'PK', type: 'S' } },
      },
      startedMs: exports[0].fromMs,
      nowMs: 1,
      signal,
    });
    const context = contextOf();
    await runIncrementalCapture({
      context,
      exports,
      policy: by,
      policyHash: by.hash,
      settings: { deletes: 'apply', ttlDeletes: 'apply' },
      bucket,
      ledger,
      opened,
      meter: new StageMeter(context, 'capture'),
      compression: 'zstd',
    });
    expect(ledger.positions().size).toBe(0);
    return opened.layout;
  } finally {
    ledger.close();
  }
}

it('puts what passes, deletes what passes no more, and says nothing of the rest', async () => {
  const bucket = await exported([
    [line('new', item('new', 'China')), line('gone', undefined, item('gone', 'China'))],
    [],
    [
      line('entered', item('entered', 'China'), item('entered', 'Chile')),
      line('left', item('left', 'Chile'), item('left', 'China')),
      line('never', item('never', 'Chile'), item('never', 'Peru')),
      line('never gone', undefined, item('never gone', 'Peru')),
      line('came and went'),
    ],
  ]);
  const { commits, lines } = await readLog(bucket, await capture(bucket));
  const told = lines.map(
    ({ Keys, NewImage }) => `${NewImage === undefined ? 'delete' : 'put'} ${JSON.stringify(Keys)}`,
  );
  expect(told).toEqual([
    'put {"PK":{"S":"new"}}',
    'delete {"PK":{"S":"gone"}}',
    'put {"PK":{"S":"entered"}}',
    'delete {"PK":{"S":"left"}}',
  ]);
  const text = JSON.stringify(lines);
  for (const kept of ['secret', 'Chile', 'Peru', 'never', 'OldImage', 'came']) expect(text).not.toContain(kept);
  expect(lines[0].Metadata.WriteTimestampMicros.N).toBe('1717200000123456');
  expect(commits.at(-1)).toMatchObject({
    throughMs: Date.parse('2024-06-01T00:15:00.000Z'),
    counts: { read: 7, filtered: 3, puts: 2, deletes: 2 },
  });
});

it('of new images alone deletes what has none', async () => {
  const keepAll = await policyOf({ attributes: { secret: 'drop' } });
  const bucket = await exported([[line('a', item('a', 'x')), line('b')]], 'NEW_IMAGE');
  const { lines } = await readLog(bucket, await capture(bucket, 'a', keepAll));
  expect(lines.map(({ Keys, NewImage }) => [Keys, NewImage !== undefined])).toEqual([
    [{ PK: { S: 'a' } }, true],
    [{ PK: { S: 'b' } }, false],
  ]);
});

it('cuts objects of changes that compress well by what they hold', async () => {
  const blob = 'x'.repeat(390_000);
  const bucket = await exported([Array.from({ length: 60 }, (_, n) => line(`k${n}`, item(`k${n}`, 'China', blob)))]);
  const { commits, lines } = await readLog(bucket, await capture(bucket));
  expect(lines).toHaveLength(60);
  expect(commits).toHaveLength(2);
  for (const { object } of commits) expect(object?.jsonBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
});

it('has each change once, whatever operation a process is killed at, on machines that know or know nothing', async () => {
  // More than fits into one object, in files that do not end where objects do.
  const file = (name: string, items: number): Line[] =>
    Array.from({ length: items }, (_, n) =>
      line(`${name}${n}`, item(`${name}${n}`, 'China', randomBytes(900).toString('base64'))),
    );
  const files = [file('a', 900), file('b', 400), file('c', 1500)];
  const wanted = files.flat().map(({ Keys }) => JSON.stringify(Keys));
  const bucket = await exported(files);
  const clean = new Map(bucket.objects);
  for (const moment of ['before', 'after'] as const)
    for (let nth = 1; ; nth += 2) {
      bucket.objects.clear();
      for (const [key, stored] of clean) bucket.objects.set(key, stored);
      let left = nth;
      bucket[moment] = () => {
        if (--left <= 0) throw new Error('killed');
      };
      const machine = `${moment} ${nth}`;
      const killed = await capture(bucket, machine).then(
        () => false,
        () => true,
      );
      bucket[moment] = () => undefined;
      const layout = await capture(bucket, nth % 4 === 1 ? machine : `${machine} other`);
      const { commits, lines } = await readLog(bucket, layout);
      expect(commits.length).toBeGreaterThan(2);
      expect(lines.map(({ Keys }) => JSON.stringify(Keys))).toEqual(wanted);
      if (!killed) break;
    }
});
