import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BufferBudget } from '../../../src/engine/buffer-budget.ts';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import type { ChangeTotals } from '../../../src/engine/change-sums.ts';
import { ConnectionGate } from '../../../src/engine/connection-gate.ts';
import { Pacer } from '../../../src/engine/pacer.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import { readChangeHeader, readChangesFrom, type ChangeCommit } from '../../../src/staging/change-log.ts';
import { CommitSignal } from '../../../src/staging/commit-log.ts';
import { runChangeTransfer } from '../../../src/stages/transfer/change-transfer.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { layout, POLICY_HASH, writeChanges, writeHeader } from '../apply/written-changes.ts';
import { contextOf } from '../export/run-export.ts';

let folder: string;
let source: MemoryBucket;
let target: MemoryBucket;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-carry-'));
  source = new MemoryBucket('from', 'source');
  target = new MemoryBucket('to', 'target');
  await writeHeader(source);
  for (let seq = 1; seq <= 9; seq++)
    await writeChanges(
      source,
      seq,
      seq % 4 === 0
        ? []
        : [
            { pk: 'a', n: seq },
            { pk: `k${seq}`, n: seq },
          ],
    );
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Options {
  state?: string;
  endless?: boolean;
  signal?: AbortSignal;
  policyHash?: string;
}

async function transfer(options: Options = {}): Promise<ChangeTotals['transferred']> {
  const ledger = ChangeLedger.open(join(folder, options.state ?? 'state'));
  const context = contextOf(options.signal);
  try {
    await runChangeTransfer({
      context,
      source,
      sourceLayout: layout,
      target,
      targetLayout: layout,
      policyHash: options.policyHash ?? POLICY_HASH,
      ledger,
      meter: new StageMeter(context, 'transfer-changes'),
      bandwidth: new Pacer(Infinity),
      gate: new ConnectionGate({ min: 4, max: 4 }),
      memory: new BufferBudget(1e6),
      endless: options.endless ?? false,
      removesApplied: false,
      captureWake: new CommitSignal(),
      wake: new CommitSignal(),
    });
    return ledger.totals().transferred;
  } finally {
    ledger.close();
  }
}

async function commitsAt(bucket: MemoryBucket): Promise<ChangeCommit[]> {
  const commits: ChangeCommit[] = [];
  for await (const commit of readChangesFrom(bucket, layout, 1)) commits.push(commit);
  return commits;
}

async function expectWhole(): Promise<void> {
  const before = await commitsAt(source);
  const after = await commitsAt(target);
  expect(after).toEqual(before.map(({ checkpoints: _stays, state: _too, ...rest }) => rest));
  for (const { object } of after)
    if (object !== null)
      expect(target.objects.get(layout.root + object.key)?.body).toEqual(
        source.objects.get(layout.root + object.key)?.body,
      );
  expect(await readChangeHeader(target, layout)).toEqual(await readChangeHeader(source, layout));
}

it('brings header, objects and commits, in order and each once, whichever operation at the target was the last', async () => {
  for (const moment of ['before', 'after'] as const)
    for (let nth = 1; ; nth++) {
      target = new MemoryBucket('to', 'target');
      let count = 0;
      let dead = false;
      const die = (): void => {
        if (dead) throw new Error('killed');
      };
      target[moment] = () => {
        dead ||= ++count === nth;
        die();
      };
      target[moment === 'before' ? 'after' : 'before'] = die;
      await transfer({ state: `${moment}${nth}` }).catch(() => undefined);
      const wasKilled = dead;
      target.before = target.after = () => undefined;
      const keys = [...target.objects.keys()].filter((one) => one.includes('/commits/')).sort();
      keys.forEach((one, i) => expect(one).toBe(layout.commit(i + 1)));
      const { seq } = await transfer({ state: `${moment}${nth}` });
      expect(seq).toBe(9);
      await expectWhole();
      if (!wasKilled) break;
      expect(nth).toBeLessThan(200);
    }
});

it('goes on without end as changes are captured, and at another machine behind what has arrived', async () => {
  const stop = new AbortController();
  const running = transfer({ endless: true, signal: stop.signal });
  await expect.poll(() => target.objects.has(layout.commit(9)), { timeout: 30_000 }).toBe(true);
  await writeChanges(source, 10, [{ pk: 'b', n: 10 }]);
  await expect.poll(() => target.objects.has(layout.commit(10)), { timeout: 30_000 }).toBe(true);
  stop.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  await expectWhole();
  await writeChanges(source, 11, [{ pk: 'b', n: 11 }]);
  source.calls.length = 0;
  expect(await transfer({ state: 'another' })).toMatchObject({ seq: 11 });
  expect(source.calls.filter((call) => call.startsWith('get') && call.includes('/data/'))).toHaveLength(1);
  await expectWhole();
});

it('carries nothing that was captured under another policy', async () => {
  await expect(transfer({ policyHash: 'other' })).rejects.toMatchObject({
    code: 'POLICY_MISMATCH',
    // An export alone would not mend it.
    fix: expect.stringContaining('dynaferry capture --restart') as string,
  });
  expect(target.objects.size).toBe(0);
});
