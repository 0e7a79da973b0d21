import { describe, expect, test } from 'vitest';
import { listObjects, readObject } from '../world/bucket.ts';
import type { SeenRequest } from '../world/fault-proxy.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import type { SiteName } from '../world/site.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import { paddedProfiles } from './profiles.ts';
import { expectDone, Scenario, siteEnvironment } from './scenario.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { WatchedSites } from './watched-sites.ts';
import { userOracle, userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 1500;
const SEGMENTS = 96;
const KILLS_MAX = 12;
const STAGE_KILLS_MAX = 4;
/** Objects that the load has open at once, and those that the transfer has. */
const LOADING_MAX = 3;
const CARRYING_MAX = 8;

/** A table that fills many objects, and a migration of it through proxies that see every request. */
async function prepare(sites: WatchedSites): Promise<Scenario> {
  const scenario = await Scenario.create(world, { endpoints: sites.endpoints });
  const items = paddedProfiles({ items: ITEMS, seed: 7, match: 0.6 }, 1200);
  await writeWireItems(world.source, scenario.sourceTable, items);
  scenario.yaml.policy = userPolicy;
  scenario.yaml.export = { objectSize: '16 KiB', segments: SEGMENTS };
  return scenario;
}

/** Segments that commits in the source's staging say are done: what is durable. */
async function segmentsDone(scenario: Scenario): Promise<Set<number>> {
  const { s3 } = world.source;
  const bucket = scenario.buckets.source;
  const commits = (await listObjects(s3, bucket)).filter(({ key }) => key.includes('/dynaferry/commits/'));
  const bodies = await Promise.all(commits.map(async ({ key }) => (await readObject(s3, bucket, key)).body.toString()));
  const checkpoints = bodies.flatMap(
    (body) => (JSON.parse(body) as { checkpoints: { segment: number; done: boolean }[] }).checkpoints,
  );
  return new Set(checkpoints.filter(({ done }) => done).map(({ segment }) => segment));
}

/** Scans of segments that were durable before; must stay empty. */
function watchForRereading({ listeners }: WatchedSites, done: () => Set<number>): number[] {
  const again: number[] = [];
  listeners.add(({ operation, moment, body }) => {
    if (operation !== 'Scan' || moment !== 'arrived') return;
    const { Segment } = JSON.parse(body.toString()) as { Segment: number };
    if (done().has(Segment)) again.push(Segment);
  });
  return again;
}

const isDataPut = ({ operation, path, moment }: SeenRequest): boolean =>
  moment === 'answered' && operation === 'PutObject' && path.includes('/data/');

describe.each([
  { seed: 1, what: 'many small objects', objectSize: '16 KiB', limits: {} },
  // So that a kill falls between two checkpoints of one object.
  { seed: 2, what: 'few large ones that load slowly', objectSize: '1 MiB', limits: { write: 250 } },
])('SIGKILL at random moments of run, $what (seed $seed)', ({ seed, objectSize, limits }) => {
  test('and run again until it is done: nothing is lost or doubled, and nothing durable is read again', async () => {
    const random = new Random(seed);
    await using sites = await WatchedSites.start(world);
    const scenario = await prepare(sites);
    scenario.yaml.export = { objectSize, segments: SEGMENTS };
    scenario.yaml.limits = limits;
    let durable = new Set<number>();
    const again = watchForRereading(sites, () => durable);
    let carried = 0;
    let writes = 0;
    sites.listeners.add((seen, site) => {
      if (site === 'target' && isDataPut(seen)) carried++;
      if (seen.operation === 'BatchWriteItem' && seen.moment === 'answered') writes += itemsIn(seen.body);
    });
    let kills = 0;
    let result: ProgramResult;
    do {
      const start = (options: ProgramOptions): RunningProgram => scenario.start('run', ['--skip-verify'], options);
      result = await (kills < KILLS_MAX ? startDoomed(sites, random, start) : start({})).done;
      if (isKilled(result)) kills++;
      durable = await segmentsDone(scenario);
    } while (isKilled(result));
    const summary = expectDone(result);
    expect(kills).toBeGreaterThan(3);
    expect(again).toEqual([]);

    const compared = await scenario.compare(userOracle);
    expect(compared).toMatchObject({ missing: [], extra: [], different: [] });
    expect(summary).toMatchObject({
      read: ITEMS,
      filtered: ITEMS - compared.equal,
      passed: compared.equal,
      written: compared.equal,
      deadLettered: 0,
    });
    const objects = Number(summary['objects']);
    expect(objects).toBeGreaterThan(1);
    // What was under way when it was killed may be done again, and nothing else.
    expect(carried).toBeLessThanOrEqual(objects + kills * CARRYING_MAX);
    expect(writes).toBeLessThanOrEqual(compared.equal + kills * LOADING_MAX * (await largestObject(scenario)));
  });
});

/** What the export lists of its data objects, as it arrived at the target. */
async function manifestOf(scenario: Scenario): Promise<{ itemCount: number }[]> {
  const bucket = scenario.buckets.target;
  const manifest = (await listObjects(world.target.s3, bucket)).find(({ key }) => key.endsWith('manifest-files.json'));
  const { body } = await readObject(world.target.s3, bucket, manifest?.key ?? '');
  const lines = body.toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { itemCount: number });
}

/** Items of the largest data object. */
async function largestObject(scenario: Scenario): Promise<number> {
  return Math.max(...(await manifestOf(scenario)).map(({ itemCount }) => itemCount));
}

function itemsIn(batch: Buffer): number {
  const { RequestItems } = JSON.parse(batch.toString()) as { RequestItems: Record<string, unknown[]> };
  return Object.values(RequestItems).flat().length;
}

test("SIGKILL of export, transfer and load, side by side in processes of their own, each with its own site's credentials (seed 3)", async () => {
  await using sites = await WatchedSites.start(world);
  const scenario = await prepare(sites);
  const { source, target } = siteEnvironment;
  // Each stage runs on a machine of its own, so that none can learn from another's ledger.
  const stateDirs = { export: newFolder(), transfer: newFolder(), load: newFolder() };
  const killsOf = { export: 0, transfer: 0, load: 0 };
  const runStage = async (stage: keyof typeof killsOf, env: Record<string, string>, seed: number) => {
    const random = new Random(seed);
    for (;;) {
      const start = (options: ProgramOptions): RunningProgram =>
        scenario.start(stage, ['--state-dir', stateDirs[stage]], { ...options, env });
      const result = await (killsOf[stage] < STAGE_KILLS_MAX ? startDoomed(sites, random, start) : start({})).done;
      if (!isKilled(result)) return expectDone(result);
      killsOf[stage]++;
    }
  };
  const firstCommitAt = (site: SiteName): Promise<void> =>
    new Promise((fulfil) => {
      sites.listeners.add((seen, at) => {
        if (
          at === site &&
          seen.operation === 'PutObject' &&
          seen.moment === 'answered' &&
          seen.path.includes('/commits/')
        )
          fulfil();
      });
    });
  const [exported, transferred, loaded] = await Promise.all([
    runStage('export', source, 31),
    firstCommitAt('source').then(() => runStage('transfer', { ...target, ...source, HASH_KEY: '' }, 32)),
    firstCommitAt('target').then(() => runStage('load', target, 33)),
  ]);
  expect(Math.min(...Object.values(killsOf))).toBeGreaterThan(0);

  const compared = await scenario.compare(userOracle);
  expect(compared).toMatchObject({ missing: [], extra: [], different: [] });
  expect(exported).toMatchObject({ read: ITEMS, filtered: ITEMS - compared.equal, passed: compared.equal });
  // How many there are depends on when the kills came.
  expect(transferred['objects']).toBe((await manifestOf(scenario)).length);
  expect(loaded).toMatchObject({ written: compared.equal, deadLettered: 0 });
});
