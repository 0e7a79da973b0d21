import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import type { World } from '../world/use-world.ts';
import type { SiteName } from '../world/site.ts';
import type { TableDefinition } from '../world/world-site.ts';
import { expectDone, Scenario } from './scenario.ts';
import type { WatchedSites } from './watched-sites.ts';

/** Two migrations that mirror each other, each with a table that is there. Tables of other definitions are made where they are given. */
export async function mirrored(
  world: World,
  sites: WatchedSites,
  conflict: unknown,
  tables: Partial<Record<SiteName, TableDefinition>> = {},
): Promise<[there: Scenario, back: Scenario]> {
  const { endpoints } = sites;
  const there = await Scenario.create(world, { endpoints, sourceTable: tables.source });
  const back = await Scenario.create(world, { endpoints, name: 'users-from-china' });
  const target = await world.target.createTable({
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    ...tables.target,
  });
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

/** Begins to carry one way's changes, without an export. */
export function replicate(scenario: Scenario, options: string[] = [], program: ProgramOptions = {}): RunningProgram {
  return scenario.start('replicate', ['--without-load', ...options], program);
}

export async function expectCaughtUp(scenario: Scenario): Promise<void> {
  expectDone(await replicate(scenario, ['--until-caught-up']).done);
}
