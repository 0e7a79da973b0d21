import { describe, expect, it } from 'vitest';
import { DynaferryError } from '../../src/model/errors.ts';
import {
  changeLayout,
  findCapture,
  followChanges,
  readChangeCommit,
  readChangeHeader,
  writeChangeCommit,
  writeChangeHeader,
  type ChangeHeader,
} from '../../src/staging/change-log.ts';
import { CommitSignal } from '../../src/staging/commit-log.ts';
import { changeCommit } from './change-commit.ts';
import { MemoryBucket } from './memory-bucket.ts';

const layout = changeLayout('p/', '01-a');
const header: ChangeHeader = {
  version: 1,
  migration: 'm',
  policyHash: 'h',
  policyEffectHash: 'e',
  source: 'arn:aws:dynamodb:us-west-2:1:table/t/stream/1',
  keySchema: { partition: { name: 'PK', type: 'S' } },
  startedMs: 5,
};

describe('a change log', () => {
  it('lies beside the exports, in a folder of its own, in a form that is pinned', async () => {
    const bucket = new MemoryBucket();
    await writeChangeHeader(bucket, layout, header);
    await writeChangeCommit(bucket, layout, changeCommit(1, { puts: 1, newestMicros: 3 }));
    expect(layout.root).toBe('p/changes/01-a/');
    expect((await bucket.get('p/changes/01-a/dynaferry/capture.json')).body.toString()).toBe(
      `${JSON.stringify(header)}\n`,
    );
    expect(JSON.parse((await bucket.get('p/changes/01-a/dynaferry/commits/0000000001.json')).body.toString())).toEqual(
      changeCommit(1, { puts: 1, newestMicros: 3 }),
    );
  });

  it('is found as the newest that has a header', async () => {
    const bucket = new MemoryBucket();
    expect(await findCapture(bucket, 'p/')).toBeUndefined();
    await writeChangeHeader(bucket, layout, header);
    await writeChangeHeader(bucket, changeLayout('p/', '02-b'), header);
    await bucket.put('p/changes/03-c/dynaferry/seal.key', Buffer.from('k'));
    expect(await findCapture(bucket, 'p/')).toBe('02-b');
    expect(await readChangeHeader(bucket, changeLayout('p/', '03-c'))).toBeUndefined();
    expect(await readChangeHeader(bucket, layout)).toEqual(header);
  });

  it('is followed in order, while it is written, until the signal ends that', async () => {
    const bucket = new MemoryBucket();
    const wake = new CommitSignal();
    const stop = new AbortController();
    await writeChangeCommit(bucket, layout, changeCommit(1));
    await writeChangeCommit(bucket, layout, changeCommit(2));
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of followChanges(bucket, layout, { from: 2, wake, signal: stop.signal })) {
        seen.push(seq);
        if (seq === 3) setImmediate(() => stop.abort());
      }
    })();
    await writeChangeCommit(bucket, layout, changeCommit(3));
    wake.notify();
    await expect(following).rejects.toThrow(/abort/i);
    expect(seen).toEqual([2, 3]);
  });

  it('that cannot be read is MANIFEST_INVALID', async () => {
    const bucket = new MemoryBucket();
    await bucket.put(layout.commit(1), Buffer.from('{"version":2}'));
    await bucket.put('p/changes/01-a/dynaferry/capture.json', Buffer.from('{'));
    for (const work of [readChangeCommit(bucket, layout, 1), readChangeHeader(bucket, layout)])
      await expect(work).rejects.toSatisfy((error: DynaferryError) => error.code === 'MANIFEST_INVALID');
  });
});
