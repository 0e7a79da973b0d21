import pc from 'picocolors';
import { expect, test } from 'vitest';
import { copyStatusText } from '../../../src/cli/text/copy-status-text.ts';
import type { CopyProgress, CopyStatus } from '../../../src/index.ts';
import { summaryOf } from '../copy/fake-copy.ts';

const textOf = (status: Partial<CopyStatus>): string =>
  copyStatusText({ copy: 'a-to-b', running: false, ...status }, pc.createColors(false));

test('a copy that was never run', () => expect(textOf({})).toBe('a-to-b\n  state     not run yet'));

test('a copy that runs, and how its last run ended', () => {
  const progress = {
    listed: 1000,
    copied: 5,
    objectsTotal: 10,
    bytes: 1e6,
    bytesTotal: 2e6,
    failed: 1,
  } as CopyProgress;
  expect(
    `\n${textOf({
      running: true,
      progress: { updatedMs: 0, event: progress },
      last: {
        finishedMs: 0,
        summary: summaryOf({ listed: 990, same: 900, copied: 89, bytes: 1e9, failed: 1, seconds: 65 }),
      },
      failedFile: '/state/failed.jsonl',
    })}\n`,
  ).toMatchInlineSnapshot(`
    "
    a-to-b
      state     running
      progress  1,000 listed, 5 of 10 copied, 1.0 MB of 2.0 MB, 1 failed (1970-01-01T00:00:00.000Z)
      last run  1970-01-01T00:00:00.000Z, 1 min 5 s: 990 listed, 900 the same, 89 copied (1.0 GB), 1 failed
      failed    /state/failed.jsonl
    "
  `);
});

test.each([
  ['done', summaryOf()],
  ['ended with objects left', summaryOf({ archived: 1 })],
  ['ended with UNREACHABLE', summaryOf({ ok: false, error: { code: 'UNREACHABLE', message: '', fix: '' } })],
])('a copy that is %s', (state, summary) =>
  expect(textOf({ last: { finishedMs: 0, summary } })).toContain(`  state     ${state}\n`),
);
