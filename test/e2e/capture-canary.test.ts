import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { searchForCanaries } from '../world/canaries.ts';
import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { CanaryWriter, canariesOf, throwing } from './canary-writer.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { HASH_KEY, Scenario, siteEnvironment } from './scenario.ts';
import { Traces } from './traces.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const KEYS = 30;
/** A capture makes some requests to begin with and a few a second then. */
const REQUESTS_MAX = 30;

test('old images, keys of deletes and what the filter keeps back are found nowhere outside the source table (seed 6)', async () => {
  await using sites = await WatchedSites.start(world);
  const scenario = await Scenario.create(world, {
    endpoints: sites.endpoints,
    sourceTable: { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } },
  });
  scenario.yaml.policy = {
    filter: "country = 'China'",
    attributes: {
      PK: { hash: { key: 'env:HASH_KEY' } },
      sex: 'drop',
      govid: { hash: { key: 'env:HASH_KEY' } },
      nick: { function: { file: './nick.mjs' } },
    },
  };
  writeFileSync(join(scenario.folder, 'nick.mjs'), throwing);
  const canaries = canariesOf('source');
  const writer = new CanaryWriter({ site: world.source, table: scenario.sourceTable, canaries });
  for (let n = 0; n < KEYS; n++) await writer.writeAll(n);

  const env = { ...siteEnvironment.source, DYNAFERRY_DEBUG: '1' };
  const traces = new Traces(scenario.folder);
  const random = new Random(6);
  const start = (more: ProgramOptions): RunningProgram =>
    scenario.start('capture', ['--until-caught-up'], { env, cwd: traces.newFolder(), ...more });
  let kills = 0;
  for (let runs = 0; runs < 4; runs++)
    if (isKilled(await traces.note('capture', startDoomed(sites, random, start, REQUESTS_MAX)))) kills++;
  const last = await traces.note('last capture', start({}));
  expect(kills).toBeGreaterThan(0);
  const { captured } = last.events.at(-1) as unknown as { captured: Record<string, number> };
  expect(captured).toMatchObject({ puts: KEYS, deletes: (KEYS * 2) / 3, deadLettered: KEYS / 10 });
  // Set aside by one of the runs: where that is the last one, it says so.
  expect([0, 8]).toContain(last.code);

  const findings = await searchForCanaries(
    [
      ...traces.places,
      { bucket: scenario.buckets.source, s3: world.source.s3 },
      { bucket: scenario.buckets.target, s3: world.target.s3 },
    ],
    [...Object.values(canaries), HASH_KEY],
  );
  expect(findings).toEqual([]);
  const harmless = await searchForCanaries([{ bucket: scenario.buckets.source, s3: world.source.s3 }], ['harmless 2']);
  expect(harmless.length).toBeGreaterThan(0);
});
