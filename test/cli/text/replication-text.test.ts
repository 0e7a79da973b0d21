import pc from 'picocolors';
import { expect, it } from 'vitest';
import { lagText } from '../../../src/cli/text/lag-text.ts';
import { summaryText } from '../../../src/cli/text/summary-text.ts';
import type { LagReport, Summary } from '../../../src/index.ts';

const colors = pc.createColors(false);
const applied = {
  transferred: 7,
  puts: 4,
  deletes: 2,
  superseded: 1,
  deadLettered: 0,
  throughMs: Date.UTC(2026, 0, 2),
};
const summary: Summary = {
  type: 'summary',
  migration: 'm',
  ok: true,
  read: 0,
  filtered: 0,
  passed: 0,
  written: 0,
  skipped: 0,
  deadLettered: 0,
  objects: 0,
  bytes: 0,
  seconds: 12,
  applied,
};
const of = { migration: 'm', stages: ['transfer-changes', 'apply', 'verify'] as const };

it('tells how far a stage lies behind, and what waits', () => {
  const lag: LagReport = {
    type: 'lag',
    migration: 'm',
    stage: 'apply',
    changes: 9,
    medianMs: 1240,
    p99Ms: 3400,
    waiting: 0,
  };
  expect(lagText(lag)).toBe('1.2 s behind (99 of 100 within 3.4 s)');
  expect(lagText({ ...lag, waiting: 1200 })).toBe('1.2 s behind (99 of 100 within 3.4 s), 1,200 waiting');
  const { medianMs: _, p99Ms: _too, ...nothingThrough } = { ...lag, changes: 0, waiting: 5 };
  expect(lagText(nothingThrough)).toBe('5 waiting');
});

it('says that it is safe to switch only when changes are applied and verified', () => {
  const verify = { equal: 3, missing: 0, extra: 0, different: 0 };
  const verdict = 'it is safe to switch to the target, for all that was written before 2026-01-02T00:00:00.000Z';
  expect(summaryText({ ...summary, verify }, of, { colors })).toContain(verdict);
  const error = { code: 'VERIFY_DIFFERENT', message: 'm', fix: 'f' } as const;
  for (const other of [summary, { ...summary, verify, ok: false, error }])
    expect(summaryText(other, of, { colors })).not.toContain('safe to switch');
});

it('of a transfer of changes alone tells of no other stage', () => {
  const text = summaryText(summary, { ...of, stages: ['transfer-changes'] }, { colors });
  expect(text).toContain('changes into the staging of the target');
  expect(text).not.toContain('applied');
});

it('of a capture that begins anew tells nothing of the stages that begin anew with it', () => {
  const captured = { read: 1, before: 0, filtered: 0, skipped: 0, echoes: 0, deadLettered: 0, puts: 1, deletes: 0 };
  const text = summaryText({ ...summary, captured }, { ...of, stages: ['capture'] }, { colors });
  expect(text).toContain('read from the stream');
  expect(text).not.toContain('changes into the staging of the target');
});

it('tells of items that a rule refuses', () => {
  const verify = { equal: 3, missing: 0, extra: 0, different: 0, refused: 2 };
  const error = { code: 'DEAD_LETTERS' as const, message: 'm', fix: 'f' };
  expect(summaryText({ ...summary, ok: false, verify, error }, of, { colors })).toMatch(
    /refused +2  items of the source/,
  );
});
