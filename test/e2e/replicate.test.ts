import { describe, expect, test } from 'vitest';
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
/** A stage of changes makes some requests to begin with and a few a second then. */
const REQUESTS_MAX = 40;
const FINISH = ['--until-caught-up'];

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

/** Some more changes of few keys, when all was quiet. */
async function change(scenario: Scenario, seed: number): Promise<void> {
  const options = { seed, keys: ['a', 'b', 'c', 'd'], pauseMs: 0, changes: 150 };
  await Mutator.start(world.source, scenario.sourceTable, options).done;
}

async function expectEqual(scenario: Scenario): Promise<void> {
  const compared = await scenario.compare(userOracle);
  expect(compared).toMatchObject({ missing: [], extra: [], different: [] });
  expect(compared.equal).toBeGreaterThan(100);
}

/** Side by side, since they wait most of the time. */
describe.concurrent('a table that is written to before, during and after its migration is equal at the end', () => {
  test('of run --live, which is killed again and again (seed 1)', async () => {
    await using sites = await WatchedSites.start(world);
    const { scenario, mutator } = await prepare(sites, 1, 5);
    const random = new Random(1);
    const start = (options: ProgramOptions): RunningProgram => scenario.start('run', ['--live'], options);
    for (let kills = 0; kills < 6; kills++) expect(isKilled(await startDoomed(sites, random, start).done)).toBe(true);
    const live = start({});
    await live.said(({ type, stage }) => type === 'lag' && stage === 'apply');
    await mutator.stop();
    const summary = expectDone(await scenario.run('cutover'));
    expect(summary).toMatchObject({ verify: { missing: 0, extra: 0, different: 0 }, applied: { deadLettered: 0 } });
    await expectEqual(scenario);
    live.process.kill('SIGINT');
    const { code, events } = await live.done;
    expect({ code, error: events.at(-1)?.['error'] }).toMatchObject({ code: 130, error: { code: 'INTERRUPTED' } });

    // And goes on from there.
    await change(scenario, 10);
    expectDone(await scenario.run('replicate', FINISH));
    await expectEqual(scenario);
  });

  test("of each half in its own process, with its own site's credentials, killed again and again while the link fails (seed 3)", async () => {
    const rules: WatchedSitesOptions['rules'] = (service) => {
      const kinds = ['throttle', 'server-error', 'reset-before', 'reset-after', 'truncate'] as const;
      const troubles = kinds.map((kind) => ({ fault: { kind }, probability: 0.02 }));
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
    type Start = (program: ProgramOptions) => RunningProgram;
    const start =
      (command: string, at: keyof typeof folders, env: Record<string, string>, ...options: string[]): Start =>
      (program) =>
        scenario.start(command, ['--state-dir', folders[at], ...options], { ...program, env });
    const finished = async (begin: Start): Promise<void> => void expectDone(await begin({}).done);
    const killedOften = async (begin: Start, seed: number): Promise<void> => {
      const random = new Random(seed);
      for (let kills = 0; kills < 4; kills++)
        expect(isKilled(await startDoomed(sites, random, begin, REQUESTS_MAX).done)).toBe(true);
    };
    const capture = start('capture', 'capture', source);
    const carry = start('transfer', 'transfer', both, '--changes');
    const apply = start('apply', 'apply', target);
    const captureAll = start('capture', 'capture', source, ...FINISH);
    const carryAll = start('transfer', 'transfer', both, '--changes', ...FINISH);
    const applyAll = start('apply', 'apply', target, ...FINISH);

    // Capture first: what it begins with is there before the export begins.
    await finished(captureAll);
    await Promise.all([
      killedOften(capture, 31),
      (async () => {
        await finished(start('export', 'export', source));
        await finished(start('transfer', 'export', both));
        await finished(start('load', 'load', target));
      })(),
    ]);
    // And before it is applied, some of it has been carried.
    await finished(carryAll);
    await Promise.all([killedOften(capture, 32), killedOften(carry, 33), killedOften(apply, 34)]);
    await mutator.stop();
    for (const all of [captureAll, carryAll, applyAll]) await finished(all);
    await expectEqual(scenario);

    // Another machine, which knows of nothing, goes on behind what is applied.
    await change(scenario, 12);
    Object.assign(folders, { capture: newFolder(), transfer: newFolder(), apply: newFolder() });
    for (const all of [captureAll, carryAll, applyAll]) await finished(all);
    await expectEqual(scenario);
  });
});
