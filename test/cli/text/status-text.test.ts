import pc from 'picocolors';
import { expect, test } from 'vitest';
import { statusText } from '../../../src/cli/text/status-text.ts';
import type { MigrationStatus } from '../../../src/index.ts';

const nothing: MigrationStatus = {
  migration: 'users-to-china',
  stateFolder: '/state/users-to-china',
  exportId: undefined,
  stages: (['export', 'transfer', 'load', 'verify'] as const).map((stage) => ({ stage, state: 'not started' })),
  totals: {
    export: { objects: 0, items: 0, bytes: 0, sourceBytes: 0, read: 0, filtered: 0, deadLettered: 0 },
    transfer: { objects: 0, items: 0, bytes: 0 },
    load: { objects: 0, items: 0, bytes: 0, written: 0, skipped: 0, deadLettered: 0 },
  },
  verify: undefined,
  finishedMs: undefined,
};
const textOf = (status: MigrationStatus): string => statusText(status, pc.createColors(false));

test('items read, passed and on the way add up', () => {
  const { totals } = nothing;
  const text = textOf({
    ...nothing,
    totals: {
      ...totals,
      export: { ...totals.export, read: 1000, filtered: 800, items: 190, deadLettered: 10 },
      load: { ...totals.load, items: 100, written: 95, skipped: 4, deadLettered: 1 },
    },
  });
  expect(text).toContain('1,000 = 800 kept back by the filter + 200 passed');
  expect(text).toContain('200 = 95 written + 4 skipped + 11 dead-lettered + 90 on the way');
});

test('a machine that only loads says what it loaded, and nothing of what another machine read', () => {
  const load = { ...nothing.totals.load, items: 100, written: 100 };
  const text = textOf({ ...nothing, totals: { ...nothing.totals, load } });
  expect(text).toContain('loaded    100 = 100 written + 0 skipped + 0 dead-lettered');
  expect(text).not.toContain('passed');
});

test('changes that are captured and not applied wait', () => {
  const sums = { seq: 2, objects: 1, bytes: 100, newestMicros: undefined, throughMs: 0 };
  const nothingRead = { read: 9, before: 0, filtered: 0, skipped: 0, echoes: 0, deadLettered: 0, sourceBytes: 0 };
  const text = textOf({
    ...nothing,
    changes: {
      captured: { ...sums, ...nothingRead, puts: 7, deletes: 2 },
      transferred: { ...sums, changes: 5 },
      applied: { ...sums, puts: 3, deletes: 0, superseded: 1, deadLettered: 0 },
    },
  });
  expect(text).toContain('waiting   5 changes that are not applied yet');
});

test('a verification that runs says what it has read', () => {
  const progress = {
    type: 'progress',
    migration: 'users-to-china',
    stage: 'verify',
    items: 1234,
    bytes: 0,
    objects: 0,
    throttles: 0,
    retries: 0,
  } as const;
  const text = textOf({
    ...nothing,
    stages: [{ stage: 'verify', state: 'running', processId: 77, progress }],
  });
  expect(text).toMatch(/verify +running +1,234 +process 77/);
});
