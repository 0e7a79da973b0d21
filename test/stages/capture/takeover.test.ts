import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import { ChangeBatch } from '../../../src/stages/capture/change-batch.ts';
import { noChanges } from '../../../src/stages/capture/change-processor.ts';
import { ChangeCommitter } from '../../../src/stages/capture/change-committer.ts';
import { AppliedRemoval } from '../../../src/staging/applied-removal.ts';
import { STATE_EVERY, changeLayout, findState, readChangesFrom } from '../../../src/staging/change-log.ts';
import { CommitSignal } from '../../../src/staging/commit-log.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';

const layout = changeLayout('p/', '01-a');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-takeover-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A change log of so many commits, each of one put in one of five shards; and the ledger that was kept with it. */
async function writeLog(bucket: MemoryBucket, commits: number): Promise<ChangeLedger> {
  const ledger = ChangeLedger.open(join(folder, 'kept'));
  const committer = new ChangeCommitter({
    bucket,
    layout,
    ledger,
    policyHash: 'h',
    compression: 'gzip',
    wake: new CommitSignal(),
    signal: new AbortController().signal,
    onCommit: () => undefined,
  });
  for (let n = 1; n <= commits; n++) {
    const batch = new ChangeBatch('gzip', 0);
    const counts = { ...noChanges(), read: 1, puts: 1, sourceBytes: 3 };
    const micros = n % 7;
    const outcome = {
      lines: Buffer.from('{}\n'),
      counts,
      deadLetters: [],
      settlements: [],
      last: undefined,
      nextIterator: 'x',
    };
    await batch.add({ ...outcome, oldestMicros: micros, newestMicros: micros }, 0);
    const position = { shardId: `s${n % 5}`, parent: null, after: String(n), done: false, throughMs: n };
    await committer.commit(batch, [position], n);
  }
  return ledger;
}

it('another machine takes over what a capture has done without reading all of its log', async () => {
  const bucket = new MemoryBucket();
  const kept = await writeLog(bucket, 2 * STATE_EVERY + 3);
  bucket.calls.length = 0;
  const fresh = ChangeLedger.open(join(folder, 'fresh'));
  const known = await findState(bucket, layout, fresh.last('captured'));
  expect(known?.seq).toBe(2 * STATE_EVERY);
  fresh.restoreCaptured(known!, known!.state!);
  for await (const commit of readChangesFrom(bucket, layout, fresh.last('captured') + 1)) fresh.recordCaptured(commit);
  expect(fresh.totals()).toEqual(kept.totals());
  expect(fresh.positions()).toEqual(kept.positions());
  expect(bucket.calls.length).toBeLessThan(20);
  expect(await findState(bucket, layout, 2 * STATE_EVERY)).toBeUndefined();
  expect((await findState(bucket, layout, STATE_EVERY + 1))?.seq).toBe(2 * STATE_EVERY);
  kept.close();
  fresh.close();
});

it('the same where the beginning of the log was removed, since it is applied', async () => {
  const bucket = new MemoryBucket();
  const kept = await writeLog(bucket, 3 * STATE_EVERY + 3);
  const removal = await AppliedRemoval.open(bucket, layout, new AbortController().signal);
  removal.applied(3 * STATE_EVERY + 1);
  await removal.idle();
  // One that knows of nothing, and one that was away.
  for (const known of [0, STATE_EVERY + 7]) {
    const ledger = ChangeLedger.open(join(folder, `knows ${known}`));
    const state = await findState(bucket, layout, known);
    expect(state?.seq).toBe(3 * STATE_EVERY);
    ledger.restoreCaptured(state!, state!.state!);
    for await (const commit of readChangesFrom(bucket, layout, ledger.last('captured') + 1))
      ledger.recordCaptured(commit);
    expect(ledger.totals()).toEqual(kept.totals());
    ledger.close();
  }
  kept.close();
});

it('a short log has no state to find', async () => {
  const bucket = new MemoryBucket();
  (await writeLog(bucket, 3)).close();
  expect(await findState(bucket, layout, 0)).toBeUndefined();
});
