import { afterEach, expect, test, vi } from 'vitest';
import { Decisions } from '../../../src/cli/copy/decisions.ts';
import type { CopyDecision } from '../../../src/index.ts';
import { CapturedSession } from './captured-session.ts';

const decision: CopyDecision = {
  type: 'copy-object',
  copy: 'c',
  key: 'k',
  action: 'copy',
  reason: 'missing',
  sizeBytes: 10,
};
const stdout = { isTTY: process.stdout.isTTY };

afterEach(() => {
  process.stdout.isTTY = stdout.isTTY;
  vi.restoreAllMocks();
});

function told(
  times: number,
  { isTTY, json = false }: { isTTY: boolean; json?: boolean },
): { session: CapturedSession; decisions: Decisions } {
  process.stdout.isTTY = isTTY;
  const session = new CapturedSession({ json });
  const decisions = new Decisions(session);
  for (let i = 0; i < times; i++) decisions.hear({ ...decision, key: `k${i}` });
  return { session, decisions };
}

test('on a terminal some are shown, when progress has left it', () => {
  const { session, decisions } = told(1060, { isTTY: true });
  expect(session.out).toEqual([]);
  decisions.close();
  expect(session.out).toHaveLength(51);
  expect(session.out[0]).toBe('copy      missing     10 bytes  k0');
  expect(session.out[50]).toMatch(/^… and 1,010 more/);
  expect(decisions.byReason.get('missing')).toEqual({ objects: 1060, bytes: 10_600 });
});

test('elsewhere all are shown as they come', () => {
  expect(told(1060, { isTTY: false }).session.out).toHaveLength(1060);
});

test('with --json they are lines of their own already', () => {
  const { session, decisions } = told(2, { isTTY: true, json: true });
  decisions.close();
  expect(session.out).toEqual([]);
});
