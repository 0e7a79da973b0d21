import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DynaferryError } from '../../src/model/errors.ts';
import {
  CommitSignal,
  followCommits,
  readCommit,
  writeCommit,
  type CommitRecord,
} from '../../src/staging/commit-log.ts';
import { ExportLayout } from '../../src/staging/layout.ts';
import { writeManifest, type ManifestInput } from '../../src/staging/manifest.ts';
import { Sealer } from '../../src/staging/seal.ts';
import { MemoryBucket } from './memory-bucket.ts';

const layout = ExportLayout.of('p/', '01-a');

function commit(seq: number, read = 5): CommitRecord {
  return {
    version: 1,
    seq,
    policyHash: 'h',
    object: null,
    counts: { read, filtered: read, deadLettered: 0, sourceBytes: 1 },
    checkpoints: [{ segment: 0, sealed: null, done: true }],
  };
}

function manifest(commits: number): ManifestInput {
  return {
    facts: {
      version: 1,
      migration: 'm',
      policyHash: 'h',
      keySchema: { partition: { name: 'PK', type: 'S' } },
      counts: { read: 0, filtered: 0, deadLettered: 0, passed: 0 },
      commits,
    },
    tableArn: 'arn:aws:dynamodb:us-west-2:1:table/t',
    startedMs: 1_700_000_000_000,
    finishedMs: 1_700_000_001_000,
    objects: [],
  };
}

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: DynaferryError) => error.code,
  );
}

describe('a commit', () => {
  it('of one number is made by one of two writers; the other one is LOCKED out, and what was written stays', async () => {
    const bucket = new MemoryBucket();
    const outcomes = await Promise.all([1, 2, 3].map((read) => code(writeCommit(bucket, layout, commit(1, read)))));
    expect(outcomes.sort()).toEqual(['LOCKED', 'LOCKED', 'done']);
    expect((await readCommit(bucket, layout, 1))?.counts.read).toBe(1);
  });

  it('whose answer was lost is known again as one’s own', async () => {
    const bucket = new MemoryBucket();
    await writeCommit(bucket, layout, commit(1));
    expect(await code(writeCommit(bucket, layout, commit(1)))).toBe('done');
  });

  it.each(['', '{', '{"version":2}', '{"version":1,"seq":1}', JSON.stringify({ ...commit(1), seq: 0 })])(
    'that reads %j is MANIFEST_INVALID',
    async (text) => {
      const bucket = new MemoryBucket();
      await bucket.put(layout.commit(1), Buffer.from(text));
      expect(await code(readCommit(bucket, layout, 1))).toBe('MANIFEST_INVALID');
    },
  );

  it('has a number in its key that sorts as numbers do, and a shape that is pinned', async () => {
    expect(layout.commit(7)).toBe('p/AWSDynamoDB/01-a/dynaferry/commits/0000000007.json');
    expect(layout.commit(99) < layout.commit(100)).toBe(true);
    const bucket = new MemoryBucket();
    await writeCommit(bucket, layout, commit(1));
    expect(bucket.text(layout.commit(1))).toBe(
      '{"version":1,"seq":1,"policyHash":"h","object":null,"counts":{"read":5,"filtered":5,"deadLettered":0,"sourceBytes":1},"checkpoints":[{"segment":0,"sealed":null,"done":true}]}\n',
    );
  });
});

describe('following commits', () => {
  it('gives each once, in order, from any number on, and ends with the manifest, however writer and follower interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(25),
        fc.nat(30),
        fc.boolean(),
        fc.scheduler(),
        async (count, from, yielding, scheduler) => {
          const bucket = new MemoryBucket();
          bucket.before = () => scheduler.schedule(Promise.resolve());
          const wake = new CommitSignal();
          const write = async (): Promise<void> => {
            for (let seq = 1; seq <= count; seq++) {
              await writeCommit(bucket, layout, commit(seq));
              wake.notify();
            }
            await writeManifest(bucket, layout, manifest(count));
            wake.notify();
          };
          const seen: number[] = [];
          const follow = async (): Promise<void> => {
            for await (const { seq } of followCommits(bucket, layout, { from: from + 1, wake })) {
              seen.push(seq);
              if (yielding) await scheduler.schedule(Promise.resolve());
            }
          };
          // A wake-up that was missed costs a second's wait, never a commit.
          const nudge = setInterval(() => wake.notify(), 1);
          await scheduler.waitFor(Promise.all([write(), follow()])).finally(() => clearInterval(nudge));
          expect(seen).toEqual(Array.from({ length: Math.max(0, count - from) }, (_, i) => from + i + 1));
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([2, 4])('notices that commit %i of 4 was removed', async (removed) => {
    const bucket = new MemoryBucket();
    for (let seq = 1; seq <= 4; seq++) await writeCommit(bucket, layout, commit(seq));
    await writeManifest(bucket, layout, manifest(4));
    bucket.objects.delete(layout.commit(removed));
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of followCommits(bucket, layout)) seen.push(seq);
    })();
    expect(await code(following)).toBe('OBJECT_NOT_FOUND');
    expect(seen).toEqual([1, 2, 3].slice(0, removed - 1));
  });

  it('ends at once when it is aborted while it waits', async () => {
    const controller = new AbortController();
    const next = followCommits(new MemoryBucket(), layout, { signal: controller.signal }).next();
    setImmediate(() => controller.abort());
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a sealed checkpoint', () => {
  const sealer = new Sealer(Buffer.alloc(32, 1));
  const key = Buffer.from('{"PK":{"S":"canary@example.com"}}');

  it('opens with its key only, shows nothing, and is another text each time', () => {
    const sealed = sealer.seal(key);
    expect(sealer.open(sealed)).toEqual(key);
    expect(Buffer.from(sealed, 'base64').includes('canary')).toBe(false);
    expect(sealer.seal(key)).not.toBe(sealed);
    expect(() => new Sealer(Buffer.alloc(32, 2)).open(sealed)).toThrow(DynaferryError);
    expect(() => new Sealer(Buffer.alloc(16))).toThrow(RangeError);
  });

  it('that was changed or cut anywhere does not open', () => {
    const bytes = Buffer.from(sealer.seal(key), 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      for (const damaged of [changed, bytes.subarray(0, at)])
        expect(() => sealer.open(damaged.toString('base64'))).toThrow(
          expect.objectContaining({ code: 'MANIFEST_INVALID' }),
        );
    }
  });
});
