import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import type { FaultRule } from '../world/fault.ts';
import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, writeWireItems } from '../world/wire-table.ts';
import type { WorldSite } from '../world/world-site.ts';
import { expectCaughtUp, mirrored, replicate } from './mirrored.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { expectDone, type Scenario } from './scenario.ts';
import { TwoWayWriter } from './two-way-writer.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

/** What any service may do to any request, at either site. */
const TROUBLES = ['throttle', 'server-error', 'reset-before', 'reset-after', 'truncate'] as const;
const rules: FaultRule[] = [
  // What is asked for once only, or depends on what is there: that the answer is lost when it is done need not come by chance.
  ...['CreateTable', 'UpdateTimeToLive', 'UpdateTable', 'PutItem', 'UpdateItem', 'DeleteItem'].map((operation) => ({
    fault: { kind: 'reset-after' as const },
    operations: [operation],
    at: [1],
  })),
  ...TROUBLES.flatMap((kind, i) => [
    { fault: { kind }, probability: 0.02 },
    // Chance alone may leave a kind out.
    { fault: { kind }, at: [10 + i] },
  ]),
];

/** Of both ways: a process lives long enough to apply while the applications write. */
const REQUESTS_MAX = 250;

/** By a reader that shares no code with the product. */
async function contents(site: WorldSite, table: string): Promise<string[]> {
  const items = await readWireItems(site, table);
  return items
    .map((item) => wireJson(Object.fromEntries(Object.entries(item).filter(([name]) => name !== '_dynaferry'))))
    .sort();
}

/** Side by side, since they wait most of the time. */
test.concurrent.each([
  ['attributes of the application', 1, { version: 'version', origin: 'region' }],
  ['marks of ours', 2, 'managed'],
])(
  'two tables that write to each other, whose processes are killed and whose services fail, end equal: stamps in %s (seed %i)',
  async (_, seed, conflict) => {
    await using sites = await WatchedSites.start(world, { rules: () => rules, seed });
    const [there, back] = await mirrored(world, sites, conflict);
    await Promise.all([there, back].map(expectCaughtUp));
    const keepsVersions = conflict !== 'managed';
    const writers = [
      TwoWayWriter.start({ site: world.source, table: there.sourceTable, seed, keepsVersions }),
      TwoWayWriter.start({ site: world.target, table: there.yaml.target.table, seed: seed + 10, keepsVersions }),
    ];
    const killedOften = async (scenario: Scenario, random: Random): Promise<void> => {
      const start = (program: ProgramOptions): RunningProgram => replicate(scenario, [], program);
      for (let kills = 0; kills < 2; kills++)
        expect(isKilled(await startDoomed(sites, random, start, REQUESTS_MAX).done)).toBe(true);
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
      const verified = expectDone(await scenario.run('verify'));
      expect(verified).toMatchObject({ verify: { equal: here.length, missing: 0, extra: 0, different: 0 } });
    }
    for (const kind of TROUBLES) expect([kind, sites.injected(kind)]).not.toEqual([kind, 0]);
    const tombstones = await world.source.dynamodb.send(
      new DescribeTableCommand({ TableName: `${there.sourceTable}-dynaferry-deletes` }),
    );
    expect(tombstones.Table?.AttributeDefinitions).toEqual([{ AttributeName: 'id', AttributeType: 'B' }]);
  },
);

test.concurrent(
  'what a load writes is not taken for writes of the application at the target, where marks are ours',
  async () => {
    await using sites = await WatchedSites.start(world);
    const [there, back] = await mirrored(world, sites, 'managed');
    const items = Array.from(
      { length: 40 },
      (_, i) => `{"PK":{"S":"k${i}"},"n":{"N":"${i}.50"},"set":{"NS":["${i}","2e3"]}}`,
    );
    await writeWireItems(world.source, there.sourceTable, items);
    const done = expectDone(await there.run('run'));
    expect(done).toMatchObject({ verify: { equal: 40, missing: 0, extra: 0, different: 0 } });
    const summary = expectDone(await replicate(back, ['--until-caught-up']).done);
    expect(summary).toMatchObject({ captured: { read: 40, echoes: 40, puts: 0, deletes: 0 } });
  },
);
