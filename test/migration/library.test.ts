import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  errorCatalogue,
  openCopy,
  openDemo,
  openMigration,
  parseTransferFile,
  type Copy,
  type CopyOptions,
  type Demo,
  type Migration,
  type OpenOptions,
  type ProgressEvent,
} from '../../src/index.ts';

let demo: Demo;
beforeAll(async () => {
  demo = await openDemo({ items: 400 });
});
afterAll(() => demo.close());

/** A state folder of its own, so that nothing was done yet. */
let opened = 0;
const open = (options: OpenOptions = {}): Promise<Migration> =>
  openMigration(demo.migrationPath, { env: demo.env, stateDir: join(demo.folder, `state-${opened++}`), ...options });

function copyOfStaging(options: CopyOptions): Copy {
  const { source, target } = demo.sites;
  const text = `
    version: 1
    source: { url: 's3://${source.bucket}/', region: ${source.region}, credentials: 'env:GLOBAL_', endpoint: '${source.s3}' }
    target: { url: 's3://${target.bucket}/copy/', region: ${target.region}, credentials: 'env:CHINA_', endpoint: '${target.s3}' }
  `;
  return openCopy(parseTransferFile(text, 'transfer.yaml', { env: demo.env }), {
    env: demo.env,
    stateDir: join(demo.folder, `state-${opened++}`),
    ...options,
  });
}

test('the summary that a migration resolves with is its last event, under its name', async () => {
  const events: ProgressEvent[] = [];
  const migration = await open({ onEvent: (event) => events.push(event) });
  const summary = await migration.run();
  expect(events.at(-1)).toBe(summary);
  expect(summary).toMatchObject({ type: 'summary', ok: true, migration: migration.file.name });
  await migration.close();
});

test('what was verified is told by the call that verified it, and by no later one', async () => {
  const migration = await open();
  expect((await migration.run()).verify).toMatchObject({ missing: 0 });
  expect((await migration.load()).verify).toBeUndefined();
  await migration.close();
});

test('an abort ends every method with INTERRUPTED', async () => {
  const migration = await open({ signal: AbortSignal.abort() });
  expect((await migration.run()).error?.code).toBe('INTERRUPTED');
  expect(migration.failure).toMatchObject({ code: 'INTERRUPTED', retry: 'yes' });
  await expect(migration.plan()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect(migration.inspect()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await migration.close();

  const copy = copyOfStaging({ signal: AbortSignal.abort() });
  const { error } = await copy.run('copy');
  expect(error && errorCatalogue[error.code].retry).toBe('yes');
  await expect(copy.abortStale(0)).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('a migration that is closed says so, and still where it stands', async () => {
  const migration = await open();
  await migration.export();
  await migration.close();
  await expect(migration.run()).rejects.toMatchObject({ code: 'USAGE', fix: 'Open it again.' });
  expect(migration.status().totals.export.read).toBe(400);
  await migration.close();
});

test('the summary that a copy resolves with is its last event', async () => {
  const events: ProgressEvent[] = [];
  const copy = copyOfStaging({ onEvent: (event) => events.push(event) });
  const summary = await copy.run('copy');
  expect(summary).toMatchObject({ ok: true, listed: summary.copied });
  expect(events.at(-1)).toBe(summary);
  expect(copy.status()).toMatchObject({ running: false, last: { summary: { copied: summary.copied } } });
});
