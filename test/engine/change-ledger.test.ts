import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChangeLedger } from '../../src/engine/change-ledger.ts';
import type { ShardPosition } from '../../src/staging/change-log.ts';
import { changeCommit } from '../staging/change-commit.ts';

let folder: string;
let ledger: ChangeLedger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'change-ledger-'));
  ledger = ChangeLedger.open(folder);
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

describe('the ledger of changes', () => {
  it('is empty at first, and looking at one that is not there leaves nothing behind', () => {
    const { captured, transferred, applied } = ledger.totals();
    expect([captured.seq, transferred.seq, applied.seq, captured.read, applied.puts]).toEqual([0, 0, 0, 0, 0]);
    expect(captured.newestMicros).toBeUndefined();
    expect(ledger.positions().size).toBe(0);
    const elsewhere = join(folder, 'elsewhere');
    const peeked = ChangeLedger.peek(elsewhere);
    expect(peeked.last('applied')).toBe(0);
    peeked.close();
    expect(() => ChangeLedger.peek(elsewhere).close()).not.toThrow();
  });

  it('sums what is captured, and takes each commit once', () => {
    ledger.recordCaptured(changeCommit(1, { puts: 2, deletes: 1, newestMicros: 50 }));
    ledger.recordCaptured(changeCommit(1, { puts: 2, deletes: 1, newestMicros: 50 }));
    ledger.recordCaptured(changeCommit(2));
    ledger.recordCaptured(changeCommit(3, { puts: 4, newestMicros: 40 }));
    expect(ledger.totals().captured).toMatchObject({
      seq: 3,
      objects: 2,
      read: 7,
      puts: 6,
      deletes: 1,
      newestMicros: 50,
      throughMs: 30,
    });
    expect(ledger.last('captured')).toBe(3);
  });

  it('knows how far shards are read, and forgets only those that are done', () => {
    const open = { shardId: 'a', parent: null, after: '5', done: false, throughMs: 7 };
    const child = { shardId: 'b', parent: 'a', after: null, done: false, throughMs: 7 };
    ledger.recordCaptured(changeCommit(1, { checkpoints: [open, child] }));
    ledger.recordCaptured(changeCommit(2, { checkpoints: [{ ...open, after: '9', done: true }] }));
    expect(ledger.positions()).toEqual(
      new Map<string, ShardPosition>([
        ['a', { ...open, after: '9', done: true }],
        ['b', child],
      ]),
    );
    ledger.forgetShards(['a', 'b']);
    expect([...ledger.positions().keys()]).toEqual(['b']);
  });

  it('sums what is transferred and applied, each by itself', () => {
    const commit = changeCommit(1, { puts: 3, deletes: 2, newestMicros: 7 });
    ledger.recordTransferred(commit);
    ledger.recordTransferred(commit);
    ledger.recordApplied([commit], { puts: 2, deletes: 1, superseded: 1, deadLettered: 1 });
    const { transferred, applied } = ledger.totals();
    expect(transferred).toMatchObject({ seq: 1, objects: 1, changes: 5, newestMicros: 7 });
    expect(applied).toMatchObject({ seq: 1, puts: 2, deletes: 1, superseded: 1, deadLettered: 1, newestMicros: 7 });
    expect(ledger.last('captured')).toBe(0);
  });

  it('takes several commits as one, and the word of another machine where that has come further', () => {
    const commits = [
      changeCommit(1, { puts: 3, newestMicros: 9 }),
      changeCommit(2),
      changeCommit(3, { deletes: 1, newestMicros: 7 }),
    ];
    const counts = { puts: 1, deletes: 1, superseded: 1, deadLettered: 1 };
    ledger.recordApplied(commits, counts);
    const applied = { seq: 3, objects: 2, bytes: 20, newestMicros: 9, throughMs: 30, ...counts };
    expect(ledger.totals().applied).toEqual(applied);
    ledger.adoptApplied({ ...applied, seq: 2, puts: 100 });
    expect(ledger.totals().applied).toEqual(applied);
    ledger.adoptApplied({ ...applied, seq: 9, puts: 100 });
    ledger.reviseApplied({ puts: 1, deletes: 0, superseded: 0, deadLettered: -1 });
    expect(ledger.totals().applied).toEqual({ ...applied, seq: 9, puts: 101, deadLettered: 0 });
  });

  it('takes nothing about a log from a process that has not heard yet of a newer one', () => {
    ledger.follow('01-a');
    ledger.recordCaptured(changeCommit(7));
    const other = ChangeLedger.open(folder);
    other.follow('01-a');
    expect(other.last('captured')).toBe(7);
    other.follow('02-b');
    const counts = { puts: 0, deletes: 0, superseded: 0, deadLettered: 0 };
    const next = changeCommit(8);
    const late = [
      () => ledger.recordCaptured(next),
      () => ledger.recordTransferred(next),
      () => ledger.recordApplied([next], counts),
      () => ledger.reviseApplied(counts),
    ];
    for (const record of late) expect(record).toThrow(expect.objectContaining({ code: 'CAPTURE_RESTARTED' }));
    expect([other.last('captured'), other.last('transferred'), other.last('applied')]).toEqual([0, 0, 0]);
    other.recordCaptured(changeCommit(1));
    ledger.follow('02-b');
    expect(ledger.last('captured')).toBe(1);
    other.close();
  });

  it('keeps everything over a restart, and nothing after a clear', () => {
    ledger.setFact('captureId', '01-a');
    ledger.recordCaptured(changeCommit(1, { puts: 1, newestMicros: 7 }));
    ledger.close();
    ledger = ChangeLedger.open(folder);
    expect([ledger.fact('captureId'), ledger.last('captured')]).toEqual(['01-a', 1]);
    ledger.clear();
    expect([ledger.fact('captureId'), ledger.last('captured')]).toEqual([undefined, 0]);
  });
});
