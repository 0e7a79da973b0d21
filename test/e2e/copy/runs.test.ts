import { expect, test } from 'vitest';
import type { CopyObject } from '../../world/copy-objects.ts';
import { newFolder } from '../../world/home.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, expectCopied, expectCopyFailure, MIB, type CopyListener } from './copy-scenario.ts';

const world = await useWorld('s3');

const objects: CopyObject[] = [
  { key: 'a', sizeBytes: 0 },
  {
    key: 'b/with ü',
    sizeBytes: 500,
    properties: { ContentType: 'text/csv', Metadata: { x: 'y' } },
    tags: { t: 'ü &' },
  },
  { key: 'parts', sizeBytes: 6 * MIB, partSizeBytes: 5 * MIB, tags: { t: 'v' } },
];

/** Holds requests of a kind until it is let go; resolves with the first one's arrival. */
function hold(scenario: CopyScenario, operation: string): { held: Promise<void>; letGo: () => void } {
  let letGo = (): void => undefined;
  const free = new Promise<void>((resolve) => (letGo = resolve));
  const held = new Promise<void>((resolve) => {
    const listener: CopyListener = (seen) => {
      if (seen.operation !== operation || seen.moment !== 'arrived') return undefined;
      resolve();
      return free;
    };
    scenario.listeners.add(listener);
  });
  return { held, letGo };
}

test('within one service nothing is read: objects are copied there, with what belongs to them', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  const bucket = await world.source.createBucket();
  scenario.yaml.target = { ...scenario.yaml.source, url: `s3://${bucket}/` };
  const result = await scenario.run();
  expectCopied(result, { copied: objects.length });
  expect(scenario.proxies.source.requests('GetObject')).toBe(2);
  expect(scenario.proxies.source.requests('UploadPart')).toBe(0);
  expectCopied(await scenario.run(), { same: objects.length });
  scenario.buckets.target = bucket;
  scenario.world = { source: world.source, target: world.source };
  await scenario.expectEqual(objects.length);
});

test('one service is not used for both where it is not wanted, or where the credentials are not the same', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  const bucket = await world.source.createBucket();
  scenario.yaml.target = { ...scenario.yaml.source, url: `s3://${bucket}/` };
  scenario.yaml['serverSide'] = false;
  expectCopied(await scenario.run(), { copied: objects.length });
  expect(scenario.proxies.source.requests('UploadPart')).toBe(2);
});

test('a second process of the same copy is refused while the first one runs (LOCKED, exit code 10)', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  const { held, letGo } = hold(scenario, 'PutObject');
  const first = scenario.start();
  await held;
  for (const options of [[], ['--dry-run']]) expectCopyFailure(await scenario.run(options), 10, 'LOCKED');
  letGo();
  expectCopied(await first.done, { copied: objects.length });
  expectCopied(await scenario.run(), { same: objects.length });
});

test('--every: runs never overlap, go on after one that failed, and Ctrl-C between them ends it (exit code 0)', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  // The second run fails.
  let lists = 0;
  scenario.listeners.add(({ site, operation, moment }) => {
    if (site !== 'target' || operation !== 'ListObjectsV2' || moment !== 'arrived') return;
    lists++;
    scenario.proxies.target.plan.replaceRules(
      lists === 3
        ? [{ fault: { kind: 'refuse', status: 403, code: 'AccessDenied' }, operations: ['ListObjectsV2'] }]
        : [],
    );
  });
  let summaries = 0;
  const running = scenario.start(['--every', '1s'], {
    signal: 'SIGINT',
    killWhen: (_, event) => event?.type === 'notice' && summaries >= 3,
  });
  running.process.stdout?.on('data', (chunk: Buffer) => {
    summaries += chunk.toString().split('"type":"copy-summary"').length - 1;
  });
  const { code, events } = await running.done;
  const kinds = events.map(({ type }) => type).filter((type) => type !== 'copy');
  // What a run says comes between the ends of two runs, so that a second one has not begun before.
  expect(kinds.filter((type) => type === 'copy-summary').length).toBeGreaterThanOrEqual(3);
  const runs = events.filter(({ type }) => type === 'copy-summary').map(({ ok }) => ok);
  expect(runs.slice(0, 3)).toEqual([true, false, true]);
  for (const [index, { type, listed }] of events.entries())
    if (type === 'copy' && events[index - 1]?.type === 'copy')
      expect(Number(listed)).toBeGreaterThanOrEqual(Number(events[index - 1]['listed']));
  expect(code).toBe(0);
});

test('Ctrl-C saves and ends with 130; the next run goes on with the parts that are there', async () => {
  await using scenario = await CopyScenario.create(world);
  scenario.yaml['limits'] = { connections: 1 };
  await scenario.fill('source', [{ key: 'parts', sizeBytes: 16 * MIB, partSizeBytes: 5 * MIB }]);
  const running = scenario.start();
  const stored = new Set<string>();
  const again: string[] = [];
  scenario.listeners.add(({ operation, moment, path }) => {
    if (operation !== 'UploadPart') return;
    if (moment === 'arrived' && stored.has(path)) again.push(path);
    if (moment === 'answered' && stored.add(path).size === 2) running.process.kill('SIGINT');
  });
  const result = await running.done;
  expectCopyFailure(result, 130, 'INTERRUPTED');
  expect(result.events.at(-1)).toMatchObject({ ok: false, copied: 0, toCopy: 1 });
  expectCopied(await scenario.run(['--state-dir', newFolder()]), { copied: 1 });
  expect(again).toEqual([]);
  expect(stored.size).toBe(4);
  await scenario.expectEqual(1);
});

const CAP_BYTES = 4 * MIB;

test('--bandwidth holds: no more bytes come than the cap allows in the time that the run says it took', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill(
    'source',
    Array.from({ length: 16 }, (_, i) => ({ key: `k/${i}`, sizeBytes: MIB })),
  );
  const { seconds, bytes } = expectCopied(await scenario.run(['--bandwidth', `${(CAP_BYTES * 8) / 1e6} Mbit/s`]));
  // The bucket holds a second of the rate, and the last requests may overdraw it.
  expect(bytes).toBeLessThanOrEqual(CAP_BYTES * (seconds + 1) + 2 * MIB);
});
