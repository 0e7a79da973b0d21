import { describe, expect, test } from 'vitest';
import { listObjects, readObject } from '../world/bucket.ts';
import { FaultProxy, type SeenRequest } from '../world/fault-proxy.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramResult, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { killGroup } from '../world/run-directory.ts';
import type { SiteName } from '../world/site.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import { paddedProfiles } from './profiles.ts';
import { expectDone, Scenario, siteEnvironment } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 1500;
const SEGMENTS = 96;
const KILLS_MAX = 12;
const STAGE_KILLS_MAX = 4;
/** A whole run makes some 400 requests. */
const REQUESTS_MAX = 90;
/** Objects that the load has open at once, and those that the transfer has. */
const LOADING_MAX = 3;
const CARRYING_MAX = 8;

/** A proxy before each service, that tells who is listening of every request. */
async function watched() {
  const listeners = new Set<(seen: SeenRequest, site: SiteName) => void>();
  const start = (site: SiteName, service: 'dynamodb' | 's3') =>
    FaultProxy.start({
      upstream: world[site].endpoints[service],
      watch: (seen) => {
        for (const listener of listeners) listener(seen, site);
      },
    });
  const [tables, objects, targetTables, targetObjects] = await Promise.all([
    start('source', 'dynamodb'),
    start('source', 's3'),
    start('target', 'dynamodb'),
    start('target', 's3'),
  ]);
  const scenario = await Scenario.create(world, {
    endpoints: {
      source: { dynamodb: tables.endpoint, s3: objects.endpoint },
      target: { dynamodb: targetTables.endpoint, s3: targetObjects.endpoint },
    },
  });
  await writeWireItems(world.source, scenario.sourceTable, paddedProfiles({ items: ITEMS, seed: 7, match: 0.6 }, 1200));
  scenario.yaml.policy = userPolicy;
  scenario.yaml.export = { objectSize: '16 KiB', segments: SEGMENTS };
  const proxies = [tables, objects, targetTables, targetObjects];
  return {
    scenario,
    listeners,
    close: () => Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]())),
  };
}

type Watched = Awaited<ReturnType<typeof watched>>;

/** Kills a program at the n-th request that anybody makes from now on, before or after it took effect. */
function killAtRequest(
  { listeners }: Watched,
  running: RunningProgram,
  n: number,
  moment: SeenRequest['moment'],
): void {
  let left = n;
  const listener = (seen: SeenRequest): void => {
    if (seen.moment !== moment || --left > 0) return;
    listeners.delete(listener);
    kill(running);
  };
  listeners.add(listener);
  void running.done.then(() => listeners.delete(listener));
}

function kill({ process }: RunningProgram): void {
  if (process.pid !== undefined && process.exitCode === null && process.signalCode === null) killGroup(process.pid);
}

/** Starts one command that will be killed at a moment of the random generator's choice: at a request, at a line that it prints, or at a time. */
function startDoomed(from: Watched, random: Random, start: (options: object) => RunningProgram): RunningProgram {
  const way = random.integer(1, 10);
  if (way === 1) return start({ killAfterMs: random.integer(150, 1500) });
  if (way <= 3) {
    let lines = random.integer(1, 8);
    return start({ killWhen: () => --lines === 0 });
  }
  const running = start({});
  killAtRequest(from, running, random.integer(1, REQUESTS_MAX), random.next() < 0.5 ? 'arrived' : 'answered');
  return running;
}

/** Segments that commits in the source's staging say are done: what is durable. */
async function segmentsDone({ scenario }: Watched): Promise<Set<number>> {
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
function watchForRereading({ listeners }: Watched, done: () => Set<number>): number[] {
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

function isKilled(result: ProgramResult): boolean {
  return result.signal === 'SIGKILL';
}

describe.each([1, 2])('SIGKILL at random moments of run (seed %i)', (seed) => {
  test('and run again until it is done: nothing is lost or doubled, and nothing durable is read again', async () => {
    const random = new Random(seed);
    const from = await watched();
    const { scenario } = from;
    let durable = new Set<number>();
    const again = watchForRereading(from, () => durable);
    let carried = 0;
    let writes = 0;
    from.listeners.add((seen, site) => {
      if (site === 'target' && isDataPut(seen)) carried++;
      if (seen.operation === 'BatchWriteItem' && seen.moment === 'answered') writes += itemsIn(seen.body);
    });
    let kills = 0;
    let result: ProgramResult;
    do {
      const start = (options: object): RunningProgram => scenario.start('run', ['--skip-verify'], options);
      result = await (kills < KILLS_MAX ? startDoomed(from, random, start) : start({})).done;
      if (isKilled(result)) kills++;
      durable = await segmentsDone(from);
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
    expect(objects).toBeGreaterThan(9);
    // What was under way when it was killed may be done again, and nothing else.
    expect(carried).toBeLessThanOrEqual(objects + kills * CARRYING_MAX);
    expect(writes).toBeLessThanOrEqual(compared.equal + kills * LOADING_MAX * (await largestObject(from)));
    await from.close();
  });
});

/** Items of the largest data object. */
async function largestObject({ scenario }: Watched): Promise<number> {
  const bucket = scenario.buckets.target;
  const manifest = (await listObjects(world.target.s3, bucket)).find(({ key }) => key.endsWith('manifest-files.json'));
  const { body } = await readObject(world.target.s3, bucket, manifest?.key ?? '');
  const lines = body.toString().trimEnd().split('\n');
  return Math.max(...lines.map((line) => (JSON.parse(line) as { itemCount: number }).itemCount));
}

function itemsIn(batch: Buffer): number {
  const { RequestItems } = JSON.parse(batch.toString()) as { RequestItems: Record<string, unknown[]> };
  return Object.values(RequestItems).flat().length;
}

test("SIGKILL of export, transfer and load, side by side in processes of their own, each with its own site's credentials (seed 3)", async () => {
  const from = await watched();
  const { scenario, listeners } = from;
  const { source, target } = siteEnvironment;
  // Each stage runs on a machine of its own, so that none can learn from another's ledger.
  const stateDirs = { export: newFolder(), transfer: newFolder(), load: newFolder() };
  const killsOf = { export: 0, transfer: 0, load: 0 };
  const runStage = async (stage: keyof typeof killsOf, env: Record<string, string>, seed: number) => {
    const random = new Random(seed);
    for (;;) {
      const start = (options: object): RunningProgram =>
        scenario.start(stage, ['--state-dir', stateDirs[stage]], { ...options, env });
      const result = await (killsOf[stage] < STAGE_KILLS_MAX ? startDoomed(from, random, start) : start({})).done;
      if (!isKilled(result)) return expectDone(result);
      killsOf[stage]++;
    }
  };
  const firstCommitAt = (site: SiteName): Promise<void> =>
    new Promise((fulfil) => {
      listeners.add((seen, at) => {
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
  expect(Number(transferred['objects'])).toBeGreaterThan(9);
  expect(loaded).toMatchObject({ written: compared.equal, deadLettered: 0 });
  await from.close();
});
