import { describe, expect, it, test } from 'vitest';
import { AlignedColumns } from '../../src/cli/progress/aligned-columns.ts';
import { ProgressBoard } from '../../src/cli/progress/progress-board.ts';
import { stageCells } from '../../src/cli/progress/stage-line.ts';
import type { LagReport, StageName, StageProgress, StageState } from '../../src/index.ts';

const migration = 'users';

function state(stage: StageName, what: StageState['state']): StageState {
  return { type: 'stage', migration, stage, state: what };
}

function progress(stage: StageName, counts: Partial<StageProgress>): StageProgress {
  return { type: 'progress', migration, stage, items: 0, bytes: 0, objects: 0, throttles: 0, retries: 0, ...counts };
}

/** The lines after these events, which come a second apart; looked at with the last. */
function linesOf(events: (StageState | StageProgress | LagReport)[], columns = 200): string[] {
  const board = new ProgressBoard([migration], ['export', 'transfer', 'apply']);
  events.forEach((event, second) => board.hear(event, second * 1000));
  const nowMs = (events.length - 1) * 1000;
  return new AlignedColumns().align(
    board.rows.map((row) => stageCells(row, nowMs, false)),
    columns,
  );
}

describe('the line of a stage', () => {
  const running = [
    state('export', 'started'),
    progress('export', { items: 0, itemsTotal: 10_000 }),
    progress('export', {
      items: 2000,
      itemsTotal: 10_000,
      bytes: 500_000,
      objects: 1,
      filtered: 1500,
      throttles: 3,
      retries: 1,
    }),
  ];

  it('tells share, items, rate, time left, trouble, bytes, objects and what was kept back', () => {
    expect(linesOf(running)).toEqual([
      'export       20 %  2,000 items  4.0 s left  2,000/s  3 throttles, 1 retry  500.0 KB  1 object  1,500 kept back',
      'transfer  waiting',
      'apply     waiting',
    ]);
  });

  it('leaves out from the right what does not fit', () => {
    expect(linesOf(running, 60)[0]).toBe('export       20 %  2,000 items  4.0 s left  2,000/s');
    expect(linesOf(running, 20)[0]).toBe('export       20 %');
  });

  it('forgets rates from before the window', () => {
    const slow = Array.from({ length: 20 }, (_, i) => progress('export', { items: i * 1000 }));
    const stalled = Array.from({ length: 20 }, () => progress('export', { items: 19_000 }));
    expect(linesOf([state('export', 'started'), ...slow])[0]).toContain('1,000/s');
    expect(linesOf([state('export', 'started'), ...slow, ...stalled])[0]).toContain('0/s');
  });

  it('calls an estimate that is reached not yet the end, and tells the rate of the whole at the end', () => {
    const all = [
      state('export', 'started'),
      progress('export', { items: 0 }),
      progress('export', { items: 10, itemsTotal: 10 }),
    ];
    expect(linesOf(all)[0]).toContain('99 %');
    expect(linesOf([...all, state('export', 'finished')])[0]).toBe('export    done     10 items  10/s');
  });

  it('tells a transfer in bytes a second, and how many objects are left', () => {
    const events = [
      state('transfer', 'resumed'),
      progress('transfer', { bytes: 1e6 }),
      progress('transfer', { bytes: 3e6, items: 5, itemsTotal: 20, objects: 1, objectsTotal: 4 }),
    ];
    expect(linesOf(events)[1]).toBe('transfer     25 %  5 items  3.0 s left  2.0 MB/s  3.0 MB  1 of 4 objects');
  });

  it('tells how far changes lie behind before what else there is to tell', () => {
    const lag: LagReport = {
      type: 'lag',
      migration,
      stage: 'apply',
      changes: 9,
      medianMs: 1240,
      p99Ms: 3400,
      waiting: 17,
    };
    const events = [state('apply', 'started'), progress('apply', { items: 900, objects: 3 }), lag];
    expect(linesOf(events, 50)[2]).toBe('apply     running  900 changes  lag 1.2 s');
    expect(linesOf(events)[2]).toContain('900 changes  lag 1.2 s  p99 3.4 s  17 waiting');
  });

  it('tells no lag of a stage to which nothing has happened for a while, unless something waits', () => {
    const lag: LagReport = {
      type: 'lag',
      migration,
      stage: 'apply',
      changes: 9,
      medianMs: 1240,
      p99Ms: 3400,
      waiting: 0,
    };
    const quiet = Array.from({ length: 20 }, () => progress('apply', { items: 900 }));
    const started = state('apply', 'started');
    expect(linesOf([started, lag, ...quiet])[2]).not.toContain('lag');
    expect(linesOf([started, { ...lag, waiting: 3 }, ...quiet])[2]).toContain('3 waiting');
  });
});

test('columns do not get narrower again', () => {
  const columns = new AlignedColumns();
  expect(columns.align([['a', '1,000', 'x']], 80)).toEqual(['a  1,000  x']);
  expect(columns.align([['a', '9', 'x']], 80)).toEqual(['a      9  x']);
  expect(columns.align([['a', '', 'x']], 80)).toEqual(['a         x']);
});
