import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ItemPutter } from '../../src/dynamodb/put-items.ts';
import { BufferBudget } from '../../src/engine/buffer-budget.ts';
import { ChangeLedger } from '../../src/engine/change-ledger.ts';
import { ConnectionGate } from '../../src/engine/connection-gate.ts';
import { Pacer } from '../../src/engine/pacer.ts';
import { StageMeter } from '../../src/engine/stage-context.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { runApply } from '../../src/stages/apply/apply-stage.ts';
import { runChangeTransfer } from '../../src/stages/transfer/change-transfer.ts';
import { AppliedRemoval } from '../../src/staging/applied-removal.ts';
import { findLastChange, findState, readChangesFrom, STATE_EVERY } from '../../src/staging/change-log.ts';
import { CommitSignal } from '../../src/staging/commit-log.ts';
import { layout, POLICY_HASH, writeChanges, writeHeader } from '../stages/apply/written-changes.ts';
import { contextOf, key } from '../stages/export/run-export.ts';
import { FakeTable } from '../stages/load/fake-table.ts';
import { Random } from '../world/random.ts';
import { MemoryBucket } from './memory-bucket.ts';

const never = new AbortController().signal;
let folder: string;
let source: MemoryBucket;
let target: MemoryBucket;
let table: FakeTable;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-removal-'));
  source = new MemoryBucket('from', 'source');
  target = new MemoryBucket('to', 'target');
  table = new FakeTable();
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs work with the ledger that a machine has. */
async function atMachine(machine: string, work: (ledger: ChangeLedger) => Promise<void>): Promise<void> {
  const ledger = ChangeLedger.open(join(folder, machine));
  try {
    await work(ledger);
  } finally {
    ledger.close();
  }
}

const transfer = (machine: string): Promise<void> =>
  atMachine(machine, (ledger) => {
    const context = contextOf();
    return runChangeTransfer({
      context,
      source,
      sourceLayout: layout,
      target,
      targetLayout: layout,
      policyHash: POLICY_HASH,
      ledger,
      meter: new StageMeter(context, 'transfer-changes'),
      bandwidth: new Pacer(Infinity),
      gate: new ConnectionGate({ min: 4, max: 4 }),
      memory: new BufferBudget(1e6),
      endless: false,
      removesApplied: true,
      captureWake: new CommitSignal(),
      wake: new CommitSignal(),
    });
  });

const apply = (machine: string): Promise<void> =>
  atMachine(machine, (ledger) => {
    const context = contextOf();
    return runApply({
      context,
      bucket: target,
      layout,
      policyHash: POLICY_HASH,
      ledger,
      meter: new StageMeter(context, 'apply'),
      putter: new ItemPutter(table, 't', key, { random: () => 0 }),
      merge: undefined,
      key,
      pacer: new Pacer(Infinity),
      concurrency: 3,
      wake: new CommitSignal(),
      endless: false,
      retryDeadLetters: false,
      removesApplied: true,
    });
  });

const numbersIn = (bucket: MemoryBucket, kind: 'commits' | 'data'): number[] => {
  const prefix = kind === 'commits' ? layout.commits : layout.data('');
  const keys = [...bucket.objects.keys()].filter((one) => one.startsWith(prefix));
  return keys.map((one) => Number.parseInt(one.slice(prefix.length), 10)).sort((a, b) => a - b);
};

async function writeLog(bucket: MemoryBucket, commits: number): Promise<void> {
  for (let seq = 1; seq <= commits; seq++) await writeChanges(bucket, seq, [{ pk: `k${seq % 9}`, n: seq }]);
}

async function remove(appliedSeq: number): Promise<void> {
  const removal = await AppliedRemoval.open(source, layout, never);
  removal.applied(appliedSeq);
  await removal.idle();
}

it('removes objects and commits that are applied, and leaves the last ones, of which one has the state', async () => {
  await writeLog(source, 3 * STATE_EVERY + 5);
  await remove(2 * STATE_EVERY - 1);
  expect(numbersIn(source, 'commits')[0]).toBe(1);
  await remove(3 * STATE_EVERY + 2);
  const left = Array.from({ length: STATE_EVERY + 6 }, (_, i) => 2 * STATE_EVERY + i);
  expect(numbersIn(source, 'commits')).toEqual(left);
  expect(numbersIn(source, 'data')).toEqual(left);
  expect((await findState(source, layout, 0))?.seq).toBe(3 * STATE_EVERY);
  expect((await findLastChange(source, layout))?.seq).toBe(3 * STATE_EVERY + 5);
});

it('a removal that is cut off at any moment is brought to its end by the next one', async () => {
  for (let nth = 1; ; nth += 97) {
    source = new MemoryBucket('from', 'source');
    await writeLog(source, 2 * STATE_EVERY);
    let count = 0;
    source.before = () => {
      if (++count >= nth) throw new Error('killed');
    };
    const error = await remove(2 * STATE_EVERY).catch((thrown: unknown) => thrown);
    source.before = () => undefined;
    expect((await findLastChange(source, layout))?.seq).toBe(2 * STATE_EVERY);
    expect((await findState(source, layout, 0))?.seq).toBe(2 * STATE_EVERY);
    for (let seq = 2 * STATE_EVERY + 1; seq <= 3 * STATE_EVERY; seq++) await writeChanges(source, seq, []);
    await remove(3 * STATE_EVERY);
    expect(numbersIn(source, 'commits')[0]).toBe(2 * STATE_EVERY);
    expect(numbersIn(source, 'data')).toEqual([2 * STATE_EVERY]);
    if (error === undefined) break;
  }
});

it('who would read on from what is removed is told, and does not wait for ever', async () => {
  await writeLog(source, 2 * STATE_EVERY);
  await remove(2 * STATE_EVERY);
  const reading = readChangesFrom(source, layout, 5).next();
  await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
});

it('what cannot be removed is told once the stage goes on', async () => {
  await writeLog(source, 2 * STATE_EVERY);
  source.before = (operation) => {
    if (operation === 'delete') throw new DynaferryError('ACCESS_DENIED', 's3:DeleteObject');
  };
  const removal = await AppliedRemoval.open(source, layout, never);
  removal.applied(2 * STATE_EVERY);
  await expect(removal.idle()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  expect(() => removal.applied(2 * STATE_EVERY)).toThrow(DynaferryError);
});

it.each([1, 2])(
  'a log that goes on and on is applied whole, by changing machines that are killed, and neither staging nor ledger grow (seed %i)',
  async (seed) => {
    const random = new Random(seed);
    const machines = ['a', 'b', 'c'];
    const wanted = new Map<string, string>();
    await writeHeader(source);
    let seq = 0;
    let largest = 0;
    const sizes: number[] = [];
    const run = async (work: (machine: string) => Promise<void>, mayDie: boolean): Promise<void> => {
      let left = mayDie ? random.integer(1, 3000) : Infinity;
      const die = (): void => {
        if (--left <= 0) throw new Error('killed');
      };
      source.before = target.before = die;
      const machine = machines[random.integer(0, machines.length - 1)];
      await work(machine).catch((error: unknown) => {
        if (left > 0) throw error;
      });
      source.before = target.before = () => undefined;
    };
    while (seq < 5 * STATE_EVERY) {
      const until = seq + random.integer(20, 300);
      while (seq < until) {
        seq++;
        const pk = `k${random.integer(0, 20)}`;
        const deletes = random.integer(0, 3) === 0;
        if (deletes) wanted.delete(pk);
        else wanted.set(pk, String(seq));
        await writeChanges(source, seq, [{ pk, n: seq, deletes }]);
      }
      await run(transfer, random.integer(0, 2) === 0);
      await run(apply, random.integer(0, 2) === 0);
      largest = Math.max(largest, numbersIn(source, 'commits').length, numbersIn(target, 'data').length);
      sizes.push(...machines.map((machine) => sizeOf(join(folder, machine, 'changes.sqlite'))));
    }
    await run(transfer, false);
    await run(apply, false);
    expect(new Map([...table.items].map(([pk, item]) => [pk, String(item['n']['N'])]))).toEqual(wanted);
    // What is not applied yet, and what stays behind it.
    expect(largest).toBeLessThan(4 * STATE_EVERY);
    expect(Math.max(...sizes)).toBe(Math.min(...sizes.filter((size) => size > 0)));
  },
);

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
