import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import { Mutator } from './mutator.ts';
import { paddedProfiles } from './profiles.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { expectDone, Scenario, siteEnvironment } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';
import { WatchedSites, type WatchedSitesOptions } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 600;

/** A table in use, and a migration of it through proxies that see every request. */
async function prepare(
  sites: WatchedSites,
  seed: number,
  pauseMs: number,
): Promise<{ scenario: Scenario; mutator: Mutator }> {
  const scenario = await Scenario.create(world, { endpoints: sites.endpoints });
  const items = [...paddedProfiles({ items: ITEMS, seed, match: 0.5, exotic: true }, 300)];
  await writeWireItems(world.source, scenario.sourceTable, items);
  scenario.yaml.policy = userPolicy;
  scenario.yaml.export = { objectSize: '16 KiB', segments: 24 };
  scenario.yaml.replicate = { stream: 'enable' };
  const keys = items.map((item) => (JSON.parse(item) as { PK: { S: string } }).PK.S);
  return { scenario, mutator: Mutator.start(world.source, scenario.sourceTable, { seed, keys, pauseMs }) };
}

/** Resolves when a program says that a stage has begun. */
async function begun(running: RunningProgram, stage: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  running.process.stdout?.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes(`"stage":"${stage}","state":"`)) resolve();
  });
  await Promise.race([
    promise,
    running.done.then(({ code, stdout, stderr }) => {
      throw new Error(`ended with ${code}: ${stdout.slice(-2000)} ${stderr}`);
    }),
  ]);
}

async function expectEqual(scenario: Scenario): Promise<void> {
  const compared = await scenario.compare(userOracle);
  expect(compared).toMatchObject({ missing: [], extra: [], different: [] });
  expect(compared.equal).toBeGreaterThan(100);
}

test.each([1, 2])(
  'a table that is written to before, during and after run --live, which is killed again and again, is equal at the end (seed %i)',
  async (seed) => {
    await using sites = await WatchedSites.start(world);
    const { scenario, mutator } = await prepare(sites, seed, 5);
    const random = new Random(seed);
    const start = (options: ProgramOptions): RunningProgram => scenario.start('run', ['--live'], options);
    for (let kills = 0; kills < 7; kills++) expect(isKilled(await startDoomed(sites, random, start).done)).toBe(true);
    const live = start({});
    await begun(live, 'apply');
    await sleep(3000);
    await mutator.stop();
    const summary = expectDone(await scenario.run('cutover'));
    expect(summary).toMatchObject({ verify: { missing: 0, extra: 0, different: 0 }, applied: { deadLettered: 0 } });
    await expectEqual(scenario);
    live.process.kill('SIGINT');
    const { code, events } = await live.done;
    expect({ code, error: events.at(-1)?.['error'] }).toMatchObject({ code: 130, error: { code: 'INTERRUPTED' } });
    expect(events.some(({ type, stage }) => type === 'lag' && stage === 'apply')).toBe(true);

    // And goes on from there.
    const more = Mutator.start(world.source, scenario.sourceTable, {
      seed: seed + 9,
      keys: ['a', 'b', 'c', 'd'],
      pauseMs: 2,
    });
    await sleep(1000);
    await more.stop();
    expectDone(await scenario.run('replicate', ['--until-caught-up']));
    await expectEqual(scenario);
  },
  300_000,
);

test("each half in its own process, with its own site's credentials, killed again and again while the link fails (seed 3)", async () => {
  const rules: WatchedSitesOptions['rules'] = (service) => {
    const troubles = (['throttle', 'server-error', 'reset-before', 'reset-after', 'truncate'] as const).map((kind) => ({
      fault: { kind },
      probability: 0.02,
    }));
    return service === 'dynamodb'
      ? [...troubles, { fault: { kind: 'partial-batch' as const }, probability: 0.2, operations: ['BatchWriteItem'] }]
      : troubles;
  };
  await using sites = await WatchedSites.start(world, { rules, seed: 3 });
  const { scenario, mutator } = await prepare(sites, 3, 10);
  const { source, target } = siteEnvironment;
  const both = { ...source, ...target, HASH_KEY: '' };
  const folders = {
    capture: newFolder(),
    export: newFolder(),
    transfer: newFolder(),
    load: newFolder(),
    apply: newFolder(),
  };
  const start =
    (command: string, folder: string, env: Record<string, string>, ...options: string[]) =>
    (program: ProgramOptions): RunningProgram =>
      scenario.start(command, ['--state-dir', folder, ...options], { ...program, env });
  const finish = ['--until-caught-up'];
  const capture = start('capture', folders.capture, source);
  const carry = start('transfer', folders.transfer, both, '--changes');
  const apply = start('apply', folders.apply, target);

  // Capture first: what it begins with is there before the export begins.
  expectDone(await start('capture', folders.capture, source, ...finish)({}).done);
  const killedOften = async (run: (program: ProgramOptions) => RunningProgram, seed: number): Promise<void> => {
    const random = new Random(seed);
    for (let kills = 0; kills < 4; kills++) expect(isKilled(await startDoomed(sites, random, run).done)).toBe(true);
  };
  const toEnd = async (): Promise<void> => {
    expectDone(await start('capture', folders.capture, source, ...finish)({}).done);
    expectDone(await start('transfer', folders.transfer, both, '--changes', ...finish)({}).done);
    expectDone(await start('apply', folders.apply, target, ...finish)({}).done);
  };
  await Promise.all([
    killedOften(capture, 31),
    (async () => {
      expectDone(await start('export', folders.export, source)({}).done);
      expectDone(await start('transfer', folders.export, both)({}).done);
      expectDone(await start('load', folders.load, target)({}).done);
    })(),
  ]);
  expectDone(await start('capture', folders.capture, source, ...finish)({}).done);
  await Promise.all([killedOften(capture, 32), killedOften(carry, 33)]);
  expectDone(await start('transfer', folders.transfer, both, '--changes', ...finish)({}).done);
  await Promise.all([killedOften(carry, 34), killedOften(apply, 35)]);
  await mutator.stop();
  await toEnd();
  await expectEqual(scenario);

  // Another machine, which knows of nothing, goes on behind what is applied.
  const more = Mutator.start(world.source, scenario.sourceTable, { seed: 12, keys: ['a', 'b', 'c', 'd'], pauseMs: 2 });
  await sleep(500);
  await more.stop();
  Object.assign(folders, { capture: newFolder(), transfer: newFolder(), apply: newFolder() });
  await toEnd();
  await expectEqual(scenario);
}, 300_000);
