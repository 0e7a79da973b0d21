import { DeleteObjectCommand, ListPartsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { seededBody, type CopyObject } from '../../world/copy-objects.ts';
import { newFolder } from '../../world/home.ts';
import type { RunningProgram } from '../../world/program.ts';
import { Random } from '../../world/random.ts';
import { killGroup } from '../../world/run-directory.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, digestOf, expectCopied, MIB, type CopyListener, type SeenCopyRequest } from './copy-scenario.ts';

const world = await useWorld('s3');

const KILLS = 6;
/** A kill lies within the first so many requests of a program. */
const REQUESTS_MAX = 40;

const objects: CopyObject[] = [
  ...Array.from({ length: 10 }, (_, i): CopyObject => ({ key: `small/${i}`, sizeBytes: i * 9000 })),
  { key: 'parts/a', sizeBytes: 16 * MIB, partSizeBytes: 5 * MIB },
  { key: 'parts/b', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
  { key: 'plain', sizeBytes: 17 * MIB },
];
const contents = new Map(objects.map(({ key, sizeBytes }) => [key, digestOf(seededBody(key, sizeBytes))] as const));

function kill({ process }: RunningProgram): void {
  if (process.pid !== undefined && process.exitCode === null && process.signalCode === null) killGroup(process.pid);
}

/** Kills at the first request that is what is told. */
async function killAt(
  scenario: CopyScenario,
  running: RunningProgram,
  isIt: (seen: SeenCopyRequest) => boolean,
): Promise<void> {
  const listener: CopyListener = (seen) => {
    if (!isIt(seen)) return;
    scenario.listeners.delete(listener);
    kill(running);
  };
  scenario.listeners.add(listener);
  await running.done;
  scenario.listeners.delete(listener);
}

/** Parts that the service has taken, and those of them that were sent again although the upload had them. */
function watchParts(scenario: CopyScenario): { stored: Set<string>; again: string[] } {
  const stored = new Set<string>();
  const again: string[] = [];
  scenario.listeners.add(({ site, operation, moment, path }) => {
    if (site !== 'target' || operation !== 'UploadPart') return;
    if (moment === 'answered') stored.add(path);
    else if (stored.has(path)) again.push(path);
  });
  return { stored, again };
}

test.each([
  { seed: 1, where: 'on one machine' },
  { seed: 2, where: 'each time on another machine' },
])(
  'SIGKILL at random requests, and resumed $where until it is done: equal, and no part is sent twice (seed $seed)',
  async ({ seed }) => {
    const random = new Random(seed);
    await using scenario = await CopyScenario.create(world, { seed, targetPrefix: 'to/' });
    // So that kills fall between parts.
    scenario.yaml['limits'] = { connections: 3 };
    await scenario.fill('source', objects);
    const { wrong } = scenario.watchTarget((key, sha256) => contents.get(key.slice(3)) === sha256);
    const { stored, again } = watchParts(scenario);
    let kills = 0;
    for (let runs = 0; runs < KILLS; runs++) {
      const running = scenario.start(seed === 1 ? [] : ['--state-dir', newFolder()]);
      let left = random.integer(3, REQUESTS_MAX);
      const moment = random.next() < 0.5 ? 'arrived' : 'answered';
      await killAt(scenario, running, (seen) => seen.moment === moment && --left === 0);
      if ((await running.done).signal === 'SIGKILL') kills++;
    }
    expect(kills).toBeGreaterThan(2);
    expectCopied(await scenario.run(['--state-dir', newFolder()]), { listed: objects.length });
    expect(wrong).toEqual([]);
    expect(again).toEqual([]);
    // An upload whose beginning was not noted down yet is begun again; it has no parts.
    const parts = 4 + 3 + 4;
    expect(stored.size).toBeLessThanOrEqual(parts);
    const orphans = await scenario.unfinishedUploads();
    expect(orphans.length).toBeLessThanOrEqual(kills);
    for (const { key, uploadId } of orphans) {
      const at = { Bucket: scenario.buckets.target, Key: key, UploadId: uploadId };
      expect((await world.target.s3.send(new ListPartsCommand(at))).Parts ?? []).toEqual([]);
    }
    expect((await scenario.run(['--abort-stale', '0s'])).events.at(-1)).toMatchObject({ aborted: orphans.length });
    await scenario.expectEqual(objects.length);
  },
);

const isOperation =
  (operation: string, moment: SeenCopyRequest['moment'], part = '') =>
  (seen: SeenCopyRequest): boolean =>
    seen.site === 'target' && seen.operation === operation && seen.moment === moment && seen.path.includes(part);

const moments = [
  { what: 'the upload was begun', isIt: isOperation('CreateMultipartUpload', 'answered'), sent: 3, orphans: 1 },
  { what: 'the upload was noted down', isIt: isOperation('PutObject', 'answered', '.dynaferry/'), sent: 3, orphans: 0 },
  {
    what: 'the first part had arrived',
    isIt: isOperation('UploadPart', 'answered', '?partNumber=1&'),
    sent: 3,
    orphans: 0,
  },
  { what: 'the object was to be made', isIt: isOperation('CompleteMultipartUpload', 'arrived'), sent: 3, orphans: 0 },
  { what: 'the object had been made', isIt: isOperation('CompleteMultipartUpload', 'answered'), sent: 3, orphans: 0 },
];

test.each(moments)('SIGKILL when $what: the next run ends it, and cleans up', async ({ isIt, sent, orphans }) => {
  await using scenario = await CopyScenario.create(world);
  scenario.yaml['limits'] = { connections: 2 };
  await scenario.fill('source', [{ key: 'a', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB }]);
  const { stored, again } = watchParts(scenario);
  const running = scenario.start();
  await killAt(scenario, running, isIt);
  expect((await running.done).signal).toBe('SIGKILL');
  expectCopied(await scenario.run(), { listed: 1 });
  expect(stored.size).toBe(sent);
  expect(again).toEqual([]);
  const left = await scenario.unfinishedUploads();
  expect(left).toHaveLength(orphans);
  if (left.length > 0) await scenario.run(['--abort-stale', '0s']);
  await scenario.expectEqual(1);
});

test.each([
  { by: 'another in parts', next: 11 * MIB },
  { by: 'a small one', next: 10 },
  { by: 'nothing', next: undefined },
])('an upload of a version that was replaced by $by since is aborted', async ({ next }) => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', [
    { key: 'a', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
    { key: 'b', sizeBytes: 1 },
  ]);
  const running = scenario.start();
  await killAt(scenario, running, isOperation('UploadPart', 'answered'));
  expect(await scenario.unfinishedUploads()).toHaveLength(1);
  const at = { Bucket: scenario.buckets.source, Key: 'a' };
  const { s3 } = world.source;
  if (next === undefined) await s3.send(new DeleteObjectCommand(at));
  else await s3.send(new PutObjectCommand({ ...at, Body: seededBody('next', next) }));
  expectCopied(await scenario.run(), { listed: next === undefined ? 1 : 2 });
  await scenario.expectEqual(next === undefined ? 1 : 2);
});

test('an upload that belongs to another copy into the same prefix is left alone', async () => {
  await using scenario = await CopyScenario.create(world);
  await using other = await CopyScenario.create(world);
  const target = { ...other.yaml.target, url: scenario.yaml.target['url'] };
  other.yaml.target = target;
  await scenario.fill('source', [{ key: 'a', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB }]);
  await other.fill('source', [{ key: 'b', sizeBytes: 10 }]);
  const running = scenario.start();
  await killAt(scenario, running, isOperation('UploadPart', 'answered'));
  const begun = await scenario.unfinishedUploads();
  expect(begun).toHaveLength(1);
  expectCopied(await other.run(), { copied: 1 });
  expect(await scenario.unfinishedUploads()).toEqual(begun);
  const { again } = watchParts(scenario);
  expectCopied(await scenario.run(), { copied: 1, extra: 1 });
  expect(again).toEqual([]);
  expect(await scenario.compare()).toMatchObject({ equal: 1, missing: [], extra: ['b'] });
});
