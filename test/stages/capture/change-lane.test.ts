import { expect, it } from 'vitest';
import { ChangeLane } from '../../../src/stages/capture/change-lane.ts';
import type { ChangeCommitter } from '../../../src/stages/capture/change-committer.ts';
import { noChanges, type RecordsOutcome } from '../../../src/stages/capture/change-processor.ts';
import { ShardTree } from '../../../src/stages/capture/shard-tree.ts';
import { FakeClock } from '../../engine/fake-clock.ts';

it('a lane whose bucket takes nothing lets nobody read on, and can be stopped', async () => {
  const tree = new ShardTree('arn', new Map(), 1000);
  tree.update([{ ShardId: 'a' }]);
  const committer = { commit: () => new Promise<void>(() => undefined) } as unknown as ChangeCommitter;
  const lane = new ChangeLane({ committer, tree, compression: 'gzip', clock: new FakeClock() });
  const lines = Buffer.alloc(9 * 1024 * 1024, 'x');
  const outcome = { lines, counts: noChanges(), deadLetters: [], oldestMicros: 1, newestMicros: 1 };
  // Two of them are too much for one object, so each but the first cuts one.
  for (let n = 0; n < 5; n++)
    await lane.add('a', { after: String(n), done: false, throughMs: n }, outcome as unknown as RecordsOutcome);
  const stop = new AbortController();
  let hasRoom = false;
  const waiting = lane.room(stop.signal).then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
});
