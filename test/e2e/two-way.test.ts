import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import { runCli, startCli } from '../world/cli.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, writeWireItems } from '../world/wire-table.ts';
import type { WorldSite } from '../world/world-site.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { expectDone, Scenario, siteEnvironment } from './scenario.ts';
import { TwoWayWriter } from './two-way-writer.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const STREAM = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
const both = { ...siteEnvironment.source, ...siteEnvironment.target };

/** Two migrations that mirror each other, each with a table that is there. */
async function mirrored(sites: WatchedSites, conflict: unknown): Promise<[there: Scenario, back: Scenario]> {
  const there = await Scenario.create(world, { endpoints: sites.endpoints });
  const back = await Scenario.create(world, { endpoints: sites.endpoints, name: 'users-from-china' });
  const target = await world.target.createTable({ StreamSpecification: STREAM });
  there.yaml.target.table = target;
  const { region, credentials, endpoint } = back.yaml.source;
  back.yaml.source = { ...back.yaml.target, table: target };
  back.yaml.target = {
    region,
    credentials,
    endpoint,
    staging: `s3://${back.buckets.source}/back/`,
    table: there.sourceTable,
  };
  for (const { yaml } of [there, back]) yaml.replicate = { stream: 'enable', conflict };
  return [there, back];
}

const replicate =
  (scenario: Scenario, options: string[] = []) =>
  (program: ProgramOptions): RunningProgram =>
    startCli(scenario.arguments('replicate', '--without-load', ...options), { ...program, env: both });

async function expectCaughtUp(scenario: Scenario): Promise<void> {
  expectDone(await replicate(scenario, ['--until-caught-up'])({}).done);
}

/** By a reader that shares no code with the product. */
async function contents(site: WorldSite, table: string): Promise<string[]> {
  const items = await readWireItems(site, table);
  return items
    .map((item) => wireJson(Object.fromEntries(Object.entries(item).filter(([name]) => name !== '_dynaferry'))))
    .sort();
}

test.each([
  ['attributes of the application', { version: 'version', origin: 'region' }, 1],
  ['marks of ours', 'managed', 2],
])(
  'two tables that write to each other, and whose processes are killed, end equal: stamps in %s',
  async (_, conflict, seed) => {
    await using sites = await WatchedSites.start(world);
    const [there, back] = await mirrored(sites, conflict);
    await Promise.all([there, back].map(expectCaughtUp));
    const keepsVersions = conflict !== 'managed';
    const writers = [
      TwoWayWriter.start({ site: world.source, table: there.sourceTable, seed, keepsVersions }),
      TwoWayWriter.start({ site: world.target, table: there.yaml.target.table, seed: seed + 10, keepsVersions }),
    ];
    const killedOften = async (scenario: Scenario, random: Random): Promise<void> => {
      for (let kills = 0; kills < 2; kills++)
        expect(isKilled(await startDoomed(sites, random, replicate(scenario)).done)).toBe(true);
    };
    await Promise.all([killedOften(there, new Random(seed)), killedOften(back, new Random(seed + 20))]);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(Math.min(...writers.map(({ writes }) => writes))).toBeGreaterThan(20);
    // What one of them applies and puts back the other one's capture sees: twice is enough.
    await Promise.all([there, back].map(expectCaughtUp));
    await Promise.all([there, back].map(expectCaughtUp));

    const here = await contents(world.source, there.sourceTable);
    expect(here).toEqual(await contents(world.target, there.yaml.target.table));
    expect(here.length).toBeGreaterThan(2);
    for (const scenario of [there, back]) {
      const verified = expectDone(await runCli(scenario.arguments('verify'), { env: both }));
      expect(verified).toMatchObject({ verify: { equal: here.length, missing: 0, extra: 0, different: 0 } });
    }
    const tombstones = await world.source.dynamodb.send(
      new DescribeTableCommand({ TableName: `${there.sourceTable}-dynaferry-deletes` }),
    );
    expect(tombstones.Table?.AttributeDefinitions).toEqual([{ AttributeName: 'id', AttributeType: 'B' }]);
  },
  300_000,
);

test('what a load writes is not taken for writes of the application at the target, where marks are ours', async () => {
  await using sites = await WatchedSites.start(world);
  const [there, back] = await mirrored(sites, 'managed');
  const items = Array.from(
    { length: 40 },
    (_, i) => `{"PK":{"S":"k${i}"},"n":{"N":"${i}.50"},"set":{"NS":["${i}","2e3"]}}`,
  );
  await writeWireItems(world.source, there.sourceTable, items);
  const done = expectDone(await runCli(there.arguments('run'), { env: both }));
  expect(done).toMatchObject({ verify: { equal: 40, missing: 0, extra: 0, different: 0 } });
  const summary = expectDone(await replicate(back, ['--until-caught-up'])({}).done);
  expect(summary).toMatchObject({ captured: { read: 40, echoes: 40, puts: 0, deletes: 0 } });
}, 120_000);
