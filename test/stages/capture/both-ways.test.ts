import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttributeJudge } from '../../../src/conflict/attribute-judge.ts';
import { ManagedJudge } from '../../../src/conflict/managed-judge.ts';
import { MARK } from '../../../src/conflict/mark.ts';
import type { Merge, Settlement } from '../../../src/conflict/merge.ts';
import { compilePolicy } from '../../../src/policy/compile-policy.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { CaptureConflicts } from '../../../src/stages/capture/capture-stage.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { MemoryStream, type Change } from './memory-stream.ts';
import { captureOnce, readLog, type ChangeLine } from './run-capture.ts';

const key = { partition: { name: 'PK', type: 'S' } } as const;
const CANARY = 'canary-of-what-fails-the-filter';

let folder: string;
let bucket: MemoryBucket;
let stream: MemoryStream;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-both-ways-'));
  bucket = new MemoryBucket();
  stream = new MemoryStream();
  stream.open('s1');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes down what is to be settled; may throw in its place. */
class NotedMerge implements Merge {
  readonly settled: Settlement[] = [];
  before: () => void = () => undefined;

  merge(): Promise<boolean> {
    return Promise.reject(new Error('a capture takes in nothing'));
  }

  async settle(settlement: Settlement): Promise<void> {
    this.before();
    this.settled.push(settlement);
  }
}

type Stamped = ChangeLine & { Stamp: { v: { N: string }; o: { S: string } } };

async function capture(policy: Policy, conflicts: CaptureConflicts): Promise<Awaited<ReturnType<typeof readLog>>> {
  return readLog(bucket, await captureOnce({ bucket, folder, stream, policy, conflicts }));
}

function compile(more: object): Promise<Policy> {
  return compilePolicy(
    { filter: "country = 'China'" },
    {
      readKey: () => Promise.reject(new Error()),
      loadFunction: () => Promise.reject(new Error()),
      keySchema: key,
      ...more,
    },
  );
}

/** An item of `country`, which names the canary where it fails the filter. */
const item = (country: string, version: number, by: string): NonNullable<Change['after']> => ({
  country: { S: country },
  v: { N: String(version) },
  o: { S: by },
  ...(country !== 'China' && { secret: { S: CANARY } }),
});

function everythingStaged(): string {
  return [...bucket.objects.entries()]
    .map(([name, { body }]) => {
      if (name.endsWith('.zst')) return zstdDecompressSync(body).toString();
      return name.endsWith('.gz') ? gunzipSync(body).toString() : body.toString('latin1');
    })
    .join('\n');
}

describe('with stamps of the application', () => {
  it('lines have the stamps, echoes are dropped, and of what leaves the filter only key and stamp cross', async () => {
    const policy = await compile({ namesBesides: ['v', 'o'] });
    const merge = new NotedMerge();
    const judge = new AttributeJudge({ version: 'v', origin: 'o' }, 'there');
    stream.write('s1', { key: 'a', after: item('China', 1, 'here') });
    stream.write('s1', { key: 'a', before: item('China', 1, 'here'), after: item(CANARY, 2, 'here') });
    stream.write('s1', { key: 'b', after: item('China', 5, 'there') });
    stream.write('s1', { key: 'c', before: item('China', 9, 'there'), after: item('China', 8, 'here') });
    stream.write('s1', { key: 'd', before: item('China', 3, 'there') });
    stream.write('s1', { key: 'e', after: { country: { S: 'China' } } });
    stream.write('s1', { key: CANARY, after: { country: { S: 'Chile' }, secret: { S: CANARY } } });
    stream.write('s1', { key: CANARY, before: item('Chile', 3, 'here') });
    // What came from there and does not pass here is still theirs.
    stream.write('s1', { key: 'f', before: item('China', 1, 'here'), after: item(CANARY, 2, 'there') });
    const { lines, commits } = await capture(policy, { judge, merge, key });
    expect(lines.map((line) => [line.Keys['PK'], (line as Stamped).Stamp, line.NewImage !== undefined])).toEqual([
      [{ S: 'a' }, { v: { N: '1' }, o: { S: 'here' } }, true],
      [{ S: 'a' }, { v: { N: '2' }, o: { S: 'here' } }, false],
      [{ S: 'c' }, { v: { N: '8' }, o: { S: 'here' } }, true],
      [{ S: 'd' }, { v: { N: '3' }, o: { S: 'there' } }, false],
    ]);
    expect(commits.reduce((sum, { counts }) => sum + counts.echoes, 0)).toBe(2);
    expect(commits.reduce((sum, { counts }) => sum + counts.deadLettered, 0)).toBe(1);
    expect(commits.reduce((sum, { counts }) => sum + counts.filtered, 0)).toBe(2);
    const staged = everythingStaged();
    expect(staged).not.toContain(CANARY);
    expect(staged).toContain('"rule":"replicate.conflict","attribute":"v"');
    const settled = merge.settled.map(({ kind, identity, stamp }) => [kind, identity.split(':')[1], stamp.version]);
    expect(settled).toHaveLength(4);
    expect(settled).toEqual(
      expect.arrayContaining([
        ['delete', CANARY, '3'],
        ['delete', 'd', '3'],
        ['look', 'a', '1'],
        ['restore', 'c', '9'],
      ]),
    );
  });
});

describe('with marks of ours', () => {
  it('a write gets the same stamp again when a crash has cut off its page, also behind the end of a shard', async () => {
    const policy = await compile({ ours: MARK });
    const merge = new NotedMerge();
    const conflicts = { judge: new ManagedJudge('here'), merge, key };
    const createdMs = Date.now() - 60_000;
    const of = (n: number): NonNullable<Change['after']> => ({ country: { S: 'China' }, n: { N: String(n) } });
    for (let n = 0; n < 4; n++) stream.write('s1', { key: `k${n % 2}`, after: of(n), createdMs });
    await capture(policy, conflicts);
    const stamps = (): [string, string][] => merge.settled.map(({ identity, stamp }) => [identity, stamp.version]);
    const before = stamps().length;
    for (let n = 4; n < 7; n++) stream.write('s1', { key: `k${n % 2}`, before: of(n - 2), after: of(n), createdMs });
    stream.close_('s1', 's2');
    for (let n = 7; n < 9; n++) stream.write('s2', { key: `k${n % 2}`, before: of(n - 2), after: of(n), createdMs });
    let left = 2;
    merge.before = () => {
      if (--left === 0) throw new Error('killed');
    };
    await expect(capture(policy, conflicts)).rejects.toThrow('killed');
    const cut = stamps().slice(before);
    merge.before = () => undefined;
    const { lines } = await capture(policy, conflicts);
    for (const one of cut) expect(stamps().slice(before + cut.length)).toContainEqual(one);
    const versions = lines.map((line) => Number((line as Stamped).Stamp.v.N));
    // Later than all before, although the clock stood still.
    expect(versions).toEqual(versions.map((_, i) => Math.floor(createdMs / 1000) * 1_000_000 + i));
    expect(lines.every((line) => line.NewImage?.[MARK] === undefined)).toBe(true);
  });
});

it('a log of another kind of stamps is not gone on with', async () => {
  const policy = await compile({ ours: MARK });
  const conflicts = { judge: new ManagedJudge('here'), merge: new NotedMerge(), key };
  await captureOnce({ bucket, folder, stream, policy, conflicts, conflict: 'managed' });
  await captureOnce({ bucket, folder, stream, policy, conflicts, conflict: 'managed' });
  for (const conflict of [undefined, { version: 'v', origin: 'o' }])
    await expect(captureOnce({ bucket, folder, stream, policy, conflicts, conflict })).rejects.toMatchObject({
      code: 'POLICY_MISMATCH',
      message: expect.stringContaining('replicate.conflict: managed') as string,
    });
});
