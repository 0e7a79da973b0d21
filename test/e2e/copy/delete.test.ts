import { expect, test } from 'vitest';
import { listObjects } from '../../world/bucket.ts';
import type { CopyObject } from '../../world/copy-objects.ts';
import type { FaultRule } from '../../world/fault.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, expectCopied, expectCopyFailure, summaryOf } from './copy-scenario.ts';

const world = await useWorld('s3');

const objects = (...keys: string[]): CopyObject[] => keys.map((key) => ({ key, sizeBytes: 3 }));
const keysAt = async (scenario: CopyScenario): Promise<string[]> =>
  (await listObjects(world.target.s3, scenario.buckets.target)).map(({ key }) => key);

test('--delete deletes what the source lacks and the scope covers, and no more; a dry run deletes nothing', async () => {
  await using scenario = await CopyScenario.create(world, { sourcePrefix: 'from/', targetPrefix: 'to/' });
  await scenario.fill('source', objects('from/kept', 'from/new', 'from/excluded.tmp'));
  await scenario.fill('target', [
    { key: 'to/kept', seed: 'from/kept', sizeBytes: 3 },
    ...objects('to/gone', 'to/gone/too', 'to/other.tmp', 'outside', 'to', 'tp/a', 'to/.dynaferry/other'),
  ]);
  const all = await keysAt(scenario);
  const options = ['--delete', '--exclude', '**/*.tmp'];
  for (let run = 1; run <= 2; run++) {
    const dry = await scenario.run([...options, '--dry-run']);
    expect(dry.code).toBe(0);
    expect(summaryOf(dry)).toMatchObject({ deleted: 0, extra: 2, toCopy: 1 });
    const told = dry.events.filter(({ action }) => action === 'delete').map(({ key }) => key);
    expect(told).toEqual(['to/gone', 'to/gone/too']);
    expect(await keysAt(scenario)).toEqual(all);
  }
  // Differences: one to copy, two to delete.
  expectCopyFailure(await scenario.run([...options, '--verify']), 7, 'COPY_DIFFERENT');
  expect(await keysAt(scenario)).toEqual(all);
  // Without being asked it deletes nothing.
  expectCopied(await scenario.run(options.slice(1)), { extra: 2, deleted: 0, copied: 1 });
  expect(await keysAt(scenario)).toHaveLength(all.length + 1);

  expectCopied(await scenario.run(options), { deleted: 2, same: 2, excluded: 1 });
  expect(await keysAt(scenario)).toEqual([
    'outside',
    'to',
    'to/.dynaferry/other',
    'to/kept',
    'to/new',
    'to/other.tmp',
    'tp/a',
  ]);
});

test('--delete takes keys of every kind, those that XML cannot write or would change among them', async () => {
  await using scenario = await CopyScenario.create(world);
  const odd = [
    '\u0001',
    'a\u001fb',
    'line\nfeed',
    'carriage\rreturn',
    'carriage\r\nboth',
    'tab\t',
    '<&>"\'',
    '&#10;',
    'a//',
    '/a',
  ];
  const spaces = [' leading', 'trailing ', ' ', '中文', '😀', '%41', 'a+b', 'x'.repeat(1024), '\u007f', '\ufffd'];
  // What another reading of those keys would delete instead.
  const kept = [
    'linefeed',
    'line feed',
    'carriage\nreturn',
    'carriage\nboth',
    'tab',
    'leading',
    'trailing',
    'A',
    'a b',
    'a',
  ];
  await scenario.fill('source', objects(...kept));
  await scenario.fill('target', objects(...odd, ...spaces));
  expectCopied(await scenario.run(['--delete']), { copied: kept.length, deleted: odd.length + spaces.length });
  await scenario.expectEqual(kept.length);
});

test('--delete is refused for a source that has nothing (exit code 3)', async () => {
  await using scenario = await CopyScenario.create(world, { sourcePrefix: 'misspelt/' });
  await scenario.fill('source', objects('from/a'));
  await scenario.fill('target', objects('a', 'b'));
  const result = await scenario.run(['--delete']);
  expectCopyFailure(result, 3, 'DELETE_REFUSED');
  expect(summaryOf(result)).toMatchObject({ deleted: 0, extra: 2 });
  expect(await keysAt(scenario)).toEqual(['a', 'b']);
});

const many = Array.from({ length: 1003 }, (_, i) => `k/${String(i).padStart(4, '0')}`);

/** From the second page on, for good. */
const failsHalfWay: FaultRule[] = [
  {
    fault: { kind: 'refuse', status: 403, code: 'AccessDenied' },
    operations: ['ListObjectsV2'],
    path: /continuation-token|start-after=k/,
  },
];

test('--delete deletes nothing where the listing of the source fails half-way', async () => {
  await using scenario = await CopyScenario.create(world, { rules: { source: failsHalfWay } });
  await scenario.fill('source', objects(...many, 'last'));
  await scenario.fill('target', [...objects('a', 'z'), { key: 'last', seed: 'larger', sizeBytes: 4 }]);
  const result = await scenario.run(['--delete', '--min-size', '4B']);
  expectCopyFailure(result, 4, 'ACCESS_DENIED');
  expect(scenario.proxies.source.plan.injected('refuse')).toBeGreaterThan(0);
  expect(await keysAt(scenario)).toEqual(['a', 'last', 'z']);
});

test('--delete deletes nothing where the listing of the target fails half-way, and more than one request takes where it does not', async () => {
  await using scenario = await CopyScenario.create(world, { rules: { target: failsHalfWay } });
  await scenario.fill('source', objects('a', 'z'));
  await scenario.fill('target', objects('a', ...many, 'z'));
  expectCopyFailure(await scenario.run(['--delete']), 4, 'ACCESS_DENIED');
  expect(scenario.proxies.target.plan.injected('refuse')).toBeGreaterThan(0);
  expect(await keysAt(scenario)).toEqual(['a', ...many, 'z']);
  scenario.proxies.target.plan.replaceRules([]);
  expectCopied(await scenario.run(['--delete']), { deleted: many.length, same: 2 });
  expect(await keysAt(scenario)).toEqual(['a', 'z']);
});

test('a run that was killed leaves nothing that a later --delete would take for extra', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects('a', 'b'));
  await scenario.fill('target', objects('b', 'c'));
  const running = scenario.start(['--delete']);
  scenario.listeners.add(({ operation, moment }) => {
    if (operation === 'DeleteObjects' && moment === 'arrived') running.process.kill('SIGKILL');
  });
  expect((await running.done).signal).toBe('SIGKILL');
  scenario.listeners.clear();
  // Meanwhile the source has it.
  await scenario.fill('source', objects('c'));
  await scenario.fill('target', objects('c'));
  expectCopied(await scenario.run(['--delete']), { deleted: 0, same: 3 });
  await scenario.expectEqual(3);
});
