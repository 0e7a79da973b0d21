import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import type { Clock } from '../../../src/engine/pacer.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { Sealer } from '../../../src/staging/seal.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { killAt } from '../../staging/kill-bucket.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { MemoryStream, expiredIterator } from './memory-stream.ts';
import { HastyClock, applyLines, captureOnce, readLog, type CaptureRun } from './run-capture.ts';

const policy = await policyOf({ filter: "country = 'China'", attributes: { name: { rename: 'given' } } });
const china = (name: string) => ({ country: { S: 'China' }, name: { S: name } });
const france = (name: string) => ({ country: { S: 'France' }, name: { S: name } });

let folder: string;
let bucket: MemoryBucket;
let stream: MemoryStream;
let run: CaptureRun;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-capture-'));
  bucket = new MemoryBucket();
  stream = new MemoryStream();
  run = { bucket, folder, stream, policy };
});
afterEach(() => rmSync(folder, { recursive: true }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: DynaferryError) => error.code,
  );
}

/** Changes of ten keys, five each, in two shards of which one is closed and goes on in two children. */
function writeStory(): Map<string, unknown> {
  const expected = new Map<string, unknown>();
  stream.open('a');
  stream.open('b');
  const write = (shardId: string, n: number, round: number): void => {
    const key = `${shardId[0]}${n}`;
    const image = (r: number) => ((n + r) % 4 === 3 ? france(`${key} ${r}`) : china(`${key} ${r}`));
    const isLast = n === 0 && round === 4;
    stream.write(shardId, {
      key,
      ...(round > 0 && { before: image(round - 1) }),
      ...(!isLast && { after: image(round) }),
    });
    const keyText = JSON.stringify({ PK: { S: key } });
    const { country, name } = image(round);
    if (isLast || country.S !== 'China') expected.delete(keyText);
    else expected.set(keyText, { PK: { S: key }, country, given: name });
  };
  for (let round = 0; round < 5; round++) {
    if (round === 2) stream.close_('a', 'a1', 'a2');
    for (let n = 0; n < 5; n++) {
      write(round < 2 ? 'a' : n % 2 === 0 ? 'a1' : 'a2', n, round);
      write('b', n, round);
    }
  }
  return expected;
}

function expectAccounted(commits: { seq: number; counts: Record<string, number> }[], read: number): void {
  const sum = (name: string): number => commits.reduce((total, { counts }) => total + counts[name], 0);
  expect(commits.map(({ seq }) => seq)).toEqual(commits.map((_, index) => index + 1));
  expect(sum('read')).toBe(read);
  expect(sum('before') + sum('filtered') + sum('skipped') + sum('deadLettered') + sum('puts') + sum('deletes')).toBe(
    read,
  );
}

describe('a capture', () => {
  it('reads shards behind their parents, and the log makes the target what the policy makes of the source', async () => {
    const expected = writeStory();
    const layout = await captureOnce(run);
    const { commits, lines } = await readLog(bucket, layout);
    expect(applyLines(lines)).toEqual(expected);
    expectAccounted(commits, 50);
    const firstOf = (shardId: string): number => stream.reads.findIndex((read) => read.shardId === shardId);
    const lastOf = (shardId: string): number => stream.reads.findLastIndex((read) => read.shardId === shardId);
    expect(Math.min(firstOf('a1'), firstOf('a2'))).toBeGreaterThan(lastOf('a'));
    expect(firstOf('b')).toBeLessThan(firstOf('a1'));
  });

  it('goes on where it stopped, and reads nothing twice', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    await captureOnce(run);
    stream.write('a', { key: 'one', before: china('1'), after: china('2') });
    stream.close_('a', 'b');
    stream.write('b', { key: 'one', before: china('2'), after: china('3') });
    const { commits, lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '1' }, { S: '2' }, { S: '3' }]);
    expectAccounted(commits, 3);
  });

  it('goes on from the bucket alone, on another machine', async () => {
    const expected = writeStory();
    let reads = 0;
    stream.beforeRead = () => {
      if (++reads === 9) throw new Error('broken');
    };
    await expect(captureOnce({ ...run, folder: join(folder, 'one') })).rejects.toThrow('broken');
    const { commits, lines } = await readLog(bucket, await captureOnce({ ...run, folder: join(folder, 'two') }));
    expect(applyLines(lines)).toEqual(expected);
    expectAccounted(commits, 50);
  });

  it('reads a shard behind its parent also where the first listings lack now the parent and now another one', async () => {
    stream.open('old', 'gone');
    stream.open('a', 'gone');
    stream.write('a', { key: 'one', after: china('1') });
    stream.close_('a', 'b');
    stream.write('b', { key: 'one', before: china('1'), after: china('2') });
    const lacking = ['a', 'b', 'old', 'a'];
    stream.onList = (shardIds) => {
      const lacks = lacking.shift();
      return shardIds.filter((shardId) => shardId !== lacks);
    };
    const { lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '1' }, { S: '2' }]);
  });

  it('goes on where it was stopped before it had read anything of some of the shards, whose parents are gone', async () => {
    stream.open('a', 'gone');
    stream.open('b', 'gone, too');
    for (const shardId of ['a', 'b']) stream.write(shardId, { key: shardId, after: china('1') });
    stream.beforeRead = (shardId) => {
      if (shardId === 'b') throw expiredIterator();
    };
    let commits = 0;
    bucket.after = (operation, key) => {
      if (operation === 'put' && key.includes('/commits/') && ++commits === 1) throw new Error('killed');
    };
    await expect(captureOnce(run)).rejects.toThrow('killed');
    bucket.after = () => undefined;
    stream.beforeRead = () => undefined;
    const { lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual([{ S: 'a' }, { S: 'b' }]);
  });

  it('drops what was made long before it began: the export has its effect', async () => {
    stream.open('a');
    stream.write('a', { key: 'old', after: china('1'), createdMs: Date.now() - 3_600_000 });
    stream.write('a', { key: 'new', after: china('2') });
    const { commits, lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ Keys }) => Keys)).toEqual([{ PK: { S: 'new' } }]);
    expect(commits[0].counts).toMatchObject({ read: 2, before: 1, puts: 1 });
  });

  it('does not read shards that ended long before it began, and what goes on from them', async () => {
    const hoursAgo = (hours: number): number => Date.now() - hours * 3_600_000;
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1'), createdMs: hoursAgo(9) });
    stream.close_('a', 'b', 'c');
    stream.write('c', { key: 'one', before: china('1'), after: china('2'), createdMs: hoursAgo(5) });
    stream.write('c', { key: 'one', before: china('2'), after: china('3') });
    stream.close_('c', 'd');
    stream.write('d', { key: 'one', before: china('3'), after: china('4') });
    const { commits, lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '3' }, { S: '4' }]);
    expect(new Set(stream.reads.map(({ shardId }) => shardId))).toEqual(new Set(['b', 'c', 'd']));
    expectAccounted(commits, 3);
  });

  describe('that has just begun, of a shard that is removed between its listing and its first read,', () => {
    beforeEach(() => {
      stream.open('a');
      stream.write('a', { key: 'one', after: china('1'), createdMs: Date.now() - 24 * 3_600_000 });
      stream.close_('a', 'b');
      stream.write('b', { key: 'one', before: china('1'), after: china('2') });
      stream.beforeRead = (shardId) => {
        if (shardId === 'a') stream.remove('a');
      };
    });

    it('goes on with its children: what was in it is a day old', async () => {
      const { lines } = await readLog(bucket, await captureOnce(run));
      expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '2' }]);
    });

    it('says that changes are lost where the stream is gone, too', async () => {
      let listings = 0;
      stream.onList = (shardIds) => {
        if (++listings > 1)
          throw new DynaferryError('STREAM_GAP', 'gone', { serviceCode: 'ResourceNotFoundException' });
        return shardIds;
      };
      expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
    });
  });

  it('says up to when it has everything, which never goes back', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    await captureOnce(run);
    const calledMs = Date.now();
    stream.write('a', { key: 'one', before: china('1'), after: china('2'), createdMs: calledMs - 30_000 });
    const { commits } = await readLog(bucket, await captureOnce(run));
    const times = commits.map(({ throughMs }) => throughMs);
    expect(times).toEqual(times.toSorted((x, y) => x - y));
    expect(times.at(-1)).toBeGreaterThan(calledMs - 10_000);
    expect(times.at(-1)).toBeLessThanOrEqual(Date.now() - 2000);
  });

  it('reads a shard at rest at the full pace while somebody waits for the end', async () => {
    stream.open('a');
    const clock = new HastyClock();
    await captureOnce({ ...run, clock, untilMs: Date.now() - 1500 });
    expect(stream.reads.length).toBeGreaterThanOrEqual(3);
    // It slows down by steps when it is through, which is a few turns before the end.
    expect(clock.longestMs).toBeLessThan(500);
  });

  it('does not take answers without records for the end of what there is', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    stream.emptyFirst = 9;
    const { lines } = await readLog(bucket, await captureOnce({ ...run, untilMs: Date.now() - 30_000 }));
    expect(lines).toHaveLength(1);
  });

  it('does not either where it goes on behind a record that was read long ago', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    await captureOnce(run);
    stream.write('a', { key: 'two', after: china('2') });
    stream.emptyFirst = 9;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    try {
      const { lines } = await readLog(bucket, await captureOnce({ ...run, untilMs: Date.now() - 30_000 }));
      expect(lines).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('nor where an iterator has expired and the next one stands further back', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    stream.pageRecords = 1;
    let reads = 0;
    stream.beforeRead = () => {
      if (++reads !== 2) return;
      stream.write('a', { key: 'two', after: china('2') });
      stream.emptyFirst = 9;
      throw expiredIterator();
    };
    const { lines } = await readLog(bucket, await captureOnce({ ...run, untilMs: Date.now() - 30_000 }));
    expect(lines).toHaveLength(2);
  });

  it('cuts objects of changes that compress well by what they hold', async () => {
    stream.open('a');
    stream.pageRecords = 10;
    for (let n = 0; n < 60; n++) stream.write('a', { key: `k${n}`, after: china('x'.repeat(390_000)) });
    // No object is cut because it is old.
    const hasty = new HastyClock();
    const clock: Clock = { nowMs: () => 0, sleep: (ms, signal) => hasty.sleep(ms, signal) };
    const { commits, lines } = await readLog(bucket, await captureOnce({ ...run, clock }));
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual(Array.from({ length: 60 }, (_, n) => ({ S: `k${n}` })));
    expect(commits).toHaveLength(2);
    for (const { object } of commits) expect(object?.jsonBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  });

  it('gets another iterator where one has expired', async () => {
    stream.open('a');
    for (let n = 0; n < 10; n++) stream.write('a', { key: `k${n}`, after: china('1') });
    let reads = 0;
    stream.beforeRead = () => {
      if (++reads % 2 === 0) throw expiredIterator();
    };
    const { commits, lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual(Array.from({ length: 10 }, (_, n) => ({ S: `k${n}` })));
    expectAccounted(commits, 10);
  });

  it('gets another one also where it looks whether a shard ended before it began', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    stream.close_('a', 'b');
    stream.write('b', { key: 'one', before: china('1'), after: china('2') });
    const records = stream.records.bind(stream);
    let looks = 0;
    stream.records = (arn, iterator, signal, limit) => {
      // The link was away for a quarter of an hour.
      if (limit === 1 && ++looks === 1) throw expiredIterator();
      return records(arn, iterator, signal, limit);
    };
    const { lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '1' }, { S: '2' }]);
  });

  it('holds no more than a few pages beyond what the bucket takes, however many shards there are', async () => {
    for (let n = 0; n < 150; n++) {
      stream.open(`s${n}`);
      stream.write(`s${n}`, { key: `k${n}`, after: china('x'.repeat(1_200_000)) });
    }
    const held = Promise.withResolvers<void>();
    bucket.before = (operation, key) => (operation === 'put' && key.includes('/data/') ? held.promise : undefined);
    const running = captureOnce(run);
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = stream.reads.length === before;
          before = stream.reads.length;
          return isStill && before > 0;
        },
        { interval: 300, timeout: 30_000 },
      )
      .toBe(true);
    const reads = stream.reads.length;
    held.resolve();
    await running;
    expect(reads).toBeLessThan(120);
  });

  it('commits what it has read when it is interrupted', async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    const stop = new AbortController();
    let reads = 0;
    stream.beforeRead = () => {
      if (++reads === 3) stop.abort();
    };
    await expect(captureOnce({ ...run, signal: stop.signal, untilMs: Date.now() + 1e9 })).rejects.toThrow(/abort/i);
    const ledger = ChangeLedger.open(folder);
    expect(ledger.totals().captured).toMatchObject({ read: 1, puts: 1 });
    ledger.close();
  });
});

describe('the line of a change', () => {
  async function linesOf(...changes: Parameters<MemoryStream['write']>[1][]) {
    stream.open('a');
    for (const change of changes) stream.write('a', change);
    return readLog(bucket, await captureOnce(run));
  }

  it('has the form of an incremental export, as the policy leaves it and without the image before', async () => {
    const createdMs = Date.now() - 60_000;
    const { lines } = await linesOf({ key: 'one', before: china('old'), after: china('new'), createdMs });
    expect(lines).toEqual([
      {
        Metadata: { WriteTimestampMicros: { N: `${Math.floor(createdMs / 1000)}000000` } },
        Keys: { PK: { S: 'one' } },
        NewImage: { PK: { S: 'one' }, country: { S: 'China' }, given: { S: 'new' } },
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('old');
  });

  it.each([
    ['puts an item that enters the filter', france('1'), china('2'), ['put']],
    ['deletes an item that leaves it', china('1'), france('2'), ['delete']],
    ['deletes an item that is deleted', china('1'), undefined, ['delete']],
    ['is none for an item outside of it', france('1'), france('2'), []],
    ['is none for the delete of one', france('1'), undefined, []],
  ])('%s', async (_, before, after, kinds) => {
    const { lines } = await linesOf({ key: 'one', before, ...(after && { after }) });
    expect(lines.map(({ NewImage }) => (NewImage === undefined ? 'delete' : 'put'))).toEqual(kinds);
    expect(lines.map(({ Keys }) => Keys)).toEqual(kinds.map(() => ({ PK: { S: 'one' } })));
  });

  it('leaves deletes out where migration.yaml says so, and never one that privacy asks for', async () => {
    run.settings = { deletes: 'keep' };
    const { commits, lines } = await linesOf(
      { key: 'deleted', before: china('1') },
      { key: 'left', before: china('1'), after: france('2') },
    );
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual([{ S: 'left' }]);
    expect(commits[0].counts).toMatchObject({ read: 2, skipped: 1, deletes: 1 });
  });

  it('leaves deletes by TTL out where migration.yaml says so, and only those', async () => {
    run.settings = { ttlDeletes: 'skip' };
    const { lines } = await linesOf(
      { key: 'expired', before: china('1'), byTtl: true },
      { key: 'deleted', before: china('1') },
    );
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual([{ S: 'deleted' }]);
  });

  it('has the key as the policy makes it, for deletes too', async () => {
    run.policy = await policyOf({ attributes: { PK: { hash: { key: 'env:ONE' } } } });
    const { lines } = await linesOf({ key: 'secret', after: china('1') }, { key: 'secret', before: china('1') });
    expect(lines[0].Keys).toEqual({ PK: { S: expect.stringMatching(/^[0-9a-f]{64}$/) as string } });
    expect(lines[0].NewImage?.['PK']).toEqual(lines[0].Keys['PK']);
    expect(lines[1]).toMatchObject({ Keys: lines[0].Keys });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });

  it('is a dead letter where a rule cannot treat a value, its key sealed', async () => {
    run.policy = await policyOf({ attributes: { name: { mask: 'email' } } });
    const { commits, lines } = await linesOf(
      { key: 'broken', after: { name: { BOOL: true } } },
      { key: 'good', after: { name: { S: 'a@b.c' } } },
    );
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual([{ S: 'good' }]);
    expect(commits[0].counts).toMatchObject({ read: 2, deadLettered: 1, puts: 1 });
    const key = [...bucket.objects.keys()].find((one) => one.includes('/dead-letters/capture-0000000001-')) ?? '';
    const letter = JSON.parse(gunzipSync(bucket.objects.get(key)!.body).toString()) as Record<string, string>;
    expect(letter).toMatchObject({ rule: 'mask', attribute: 'name' });
    expect(JSON.stringify(letter)).not.toContain('broken');
    const sealKey = [...bucket.objects.keys()].find((one) => one.endsWith('seal.key')) ?? '';
    const opened = new Sealer(bucket.objects.get(sealKey)!.body).open(letter['sealedKey']);
    expect(opened.toString()).toBe('{"PK":{"S":"broken"}}');
  });
});

describe('changes that are lost', () => {
  beforeEach(async () => {
    stream.open('a');
    stream.write('a', { key: 'one', after: china('1') });
    await captureOnce(run);
  });

  it('because they were trimmed are a gap', async () => {
    stream.write('a', { key: 'one', before: china('1'), after: china('2') });
    stream.write('a', { key: 'one', before: china('2'), after: china('3') });
    // The capture began days ago.
    const key = [...bucket.objects.keys()].find((one) => one.endsWith('capture.json')) ?? '';
    const header = JSON.parse(bucket.text(key)) as { startedMs: number };
    await bucket.put(key, Buffer.from(JSON.stringify({ ...header, startedMs: header.startedMs - 3 * 86_400_000 })));
    stream.trim('a', 2);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 });
    try {
      expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
    } finally {
      vi.useRealTimers();
    }
  });

  it('are none where only what was read has been trimmed, and nobody has written for most of a day', async () => {
    stream.trim('a', 1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23 * 3_600_000 });
    try {
      stream.write('a', { key: 'one', before: china('1'), after: china('2') });
      // The time stands still.
      const { lines } = await readLog(bucket, await captureOnce({ ...run, untilMs: Date.now() - 2000 }));
      expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '1' }, { S: '2' }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('because their shard came and went are a gap', async () => {
    stream.close_('a', 'b');
    stream.close_('b', 'c');
    stream.remove('b');
    expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
  });

  it('are none where a listing lacks a shard that the next ones have', async () => {
    stream.close_('a', 'b');
    stream.write('b', { key: 'one', before: china('1'), after: china('2') });
    stream.close_('b', 'c');
    stream.write('c', { key: 'one', before: china('2'), after: china('3') });
    let listings = 0;
    stream.onList = (shardIds) => (++listings <= 3 ? shardIds.filter((shardId) => shardId !== 'b') : shardIds);
    const { lines } = await readLog(bucket, await captureOnce(run));
    expect(lines.map(({ NewImage }) => NewImage?.['given'])).toEqual([{ S: '1' }, { S: '2' }, { S: '3' }]);
  });

  it.each([
    ['a day', 1.1],
    ['almost a day, as a clock tells it that may be wrong', 0.99],
  ])('because nobody read a shard for %s, of which nothing was read yet, are a gap', async (_, days) => {
    const day = 86_400_000;
    const ledger = ChangeLedger.open(folder);
    const [commit] = (await readLog(bucket, await captureOnce(run))).commits;
    ledger.recordCaptured({
      ...commit,
      seq: ledger.last('captured') + 1,
      checkpoints: [{ shardId: 'z', parent: null, after: null, done: false, throughMs: Date.now() - days * day }],
    });
    ledger.close();
    stream.open('z');
    expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
  });

  it('because the stream was switched off, or is another one, are a gap', async () => {
    expect(await codeOf(captureOnce({ ...run, streamArn: 'arn:aws:dynamodb:us-west-2:1:table/t/stream/2' }))).toBe(
      'STREAM_GAP',
    );
    stream.close_('a');
    stream.status = 'DISABLED';
    expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
  });

  it('because a shard was removed that was not read to its end, in a capture that began long ago, are a gap', async () => {
    stream.write('a', { key: 'one', before: china('1'), after: china('2') });
    stream.close_('a', 'b');
    stream.beforeRead = (shardId) => {
      if (shardId === 'a') stream.remove('a');
    };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 });
    try {
      expect(await codeOf(captureOnce(run))).toBe('STREAM_GAP');
    } finally {
      vi.useRealTimers();
    }
  });

  it('are begun anew from by a restart, in a log of its own', async () => {
    stream.trim('a', 1);
    stream.write('a', { key: 'two', after: china('2') });
    const { lines } = await readLog(bucket, await captureOnce({ ...run, restart: true }));
    expect(lines.map(({ Keys }) => Keys['PK'])).toEqual([{ S: 'two' }]);
    const logs = new Set([...bucket.objects.keys()].map((key) => key.split('/')[2]));
    expect(logs.size).toBe(2);
  });

  it('are none where another policy is asked for, which is refused', async () => {
    expect(await codeOf(captureOnce({ ...run, policyHash: 'other' }))).toBe('POLICY_MISMATCH');
  });

  it('are none where another table is given, as by a second migration of the same name', async () => {
    const other = captureOnce({ ...run, streamArn: 'arn:aws:dynamodb:us-west-2:1:table/other/stream/1' });
    await expect(other).rejects.toMatchObject({
      code: 'POLICY_MISMATCH',
      message: expect.stringMatching(/table\/t, not of .*table\/other$/) as string,
      fix: expect.stringContaining('another name') as string,
    });
  });
});

describe('a capture that is killed and run again', () => {
  it.each(['before', 'after'] as const)(
    'holds every change once, in order, whichever operation on the bucket was the last: killed %s its effect',
    async (moment) => {
      for (let nth = 1; ; nth++) {
        bucket = new MemoryBucket();
        stream = new MemoryStream();
        const expected = writeStory();
        const state = join(folder, `${moment}-${nth}`);
        const { killed } = killAt(bucket, nth, moment);
        const capture: CaptureRun = { bucket, folder: state, stream, policy };
        await captureOnce(capture).catch(() => undefined);
        const wasKilled = killed();
        bucket.before = bucket.after = () => undefined;
        const { commits, lines } = await readLog(bucket, await captureOnce(capture));
        expect(applyLines(lines)).toEqual(expected);
        expectAccounted(commits, 50);
        if (!wasKilled) break;
        expect(nth).toBeLessThan(100);
      }
    },
  );

  it('does not begin where the bucket would not keep two of them apart, and leaves no log to go on with', async () => {
    writeStory();
    bucket.ignoresConditions = true;
    const refused = await captureOnce(run).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'CONDITIONS_IGNORED' });
    expect(String(refused)).toContain('source: the service of bucket memory');
    expect([...bucket.objects.keys()].filter((key) => !key.endsWith('seal.key'))).toEqual([]);
    bucket.ignoresConditions = false;
    expect(await codeOf(captureOnce(run))).toBe('done');
  });

  it('is kept from writing by another one that writes to the same log', async () => {
    writeStory();
    bucket.before = (operation, key) => {
      // Somebody else makes the first commit at the last moment.
      if (operation === 'put' && key.endsWith('/commits/0000000001.json') && !bucket.objects.has(key))
        bucket.objects.set(key, { body: Buffer.from('{}'), sizeBytes: 2, etag: 'e', metadata: {} });
    };
    expect(await codeOf(captureOnce(run))).toBe('LOCKED');
  });
});
