import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { searchForCanaries, type Place } from '../world/canaries.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { siteIdentities, type SiteName } from '../world/site.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems } from '../world/wire-table.ts';
import type { TableDefinition, WorldSite } from '../world/world-site.ts';
import { CanaryWriter, canariesOf, throwing, type Item } from './canary-writer.ts';
import { mirrored, replicate } from './mirrored.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { HASH_KEY, siteEnvironment, type Scenario } from './scenario.ts';
import { Traces } from './traces.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const KEYS = 12;
/** Of both ways. */
const REQUESTS_MAX = 150;

/** Keys that both sites write to stay as they are; all others are hidden, so that a key of any kind must not be found. */
const hidingKeys = `import { createHash } from 'node:crypto';
export default ({ S: key }) => ({
  S: key.startsWith('shared') ? key : createHash('sha256').update(key).digest('hex'),
});
`;
/** The same, to seek them. */
const hidden = (key: string): string => createHash('sha256').update(key).digest('hex');

const attributes = {
  PK: { function: { file: './key.mjs', keepsUniqueness: true, keepsType: true } },
  nick: { function: { file: './nick.mjs' } },
};
const policies = {
  there: {
    filter: "country = 'China'",
    attributes: { ...attributes, sex: 'drop', govid: { hash: { key: 'env:HASH_KEY' } } },
  },
  back: {
    filter: "country = 'China' AND attribute_exists(harmless)",
    attributes: { ...attributes, sex: { mask: { keepLast: 1 } }, govid: 'drop' },
  },
};

/** The site's table has an index on this attribute, so it refuses what the other one takes. */
const indexed = (site: SiteName): string => `numberOf${site}`;

function tableOf(site: SiteName): TableDefinition {
  return {
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    AttributeDefinitions: [
      { AttributeName: 'PK', AttributeType: 'S' },
      { AttributeName: indexed(site), AttributeType: 'N' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-number',
        KeySchema: [{ AttributeName: indexed(site), KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  };
}

const otherOf = (site: SiteName): SiteName => (site === 'source' ? 'target' : 'source');
const sharedKey = (site: SiteName, n: number): string => `shared by ${site} ${n}`;

/** What the application of a site writes before anything has come from the other one. */
async function writeOwn(writer: CanaryWriter, site: SiteName): Promise<void> {
  const { keptBackKey, refusedKey } = writer.canaries;
  for (let n = 0; n < KEYS; n++) {
    await writer.writeAll(n);
    await writer.put(writer.passing(sharedKey(site, n), `harmless ${site} ${n}`));
    if (n % 4 === 0)
      await writer.put({
        ...writer.passing(`${refusedKey}there${n}`, `harmless ${n}`),
        [indexed(otherOf(site))]: { S: 'not a number' },
      });
    // Where the application keeps versions, the older write loses: the item that was kept back is put back in its own table.
    const stale = `${keptBackKey}stale${n}`;
    await writer.put(writer.keptBack(stale));
    await writer.put({ ...writer.passing(stale, `harmless ${n}`), version: { N: '1' } });
    // And this one is refused, for nobody could tell what it loses to.
    if (n % 4 === 1)
      await writer.put({ ...writer.passing(`${refusedKey}unfit${n}`, `harmless ${n}`), version: { BOOL: true } });
  }
}

/** What it writes to items that both sites have, while the other site's application writes, too. */
async function writeShared(writer: CanaryWriter, site: SiteName): Promise<void> {
  for (let n = 0; n < KEYS; n++) {
    const key = sharedKey(otherOf(site), n);
    if (n % 4 === 0) await writer.change(key);
    if (n % 4 === 1) await writer.moveOut(key);
    if (n % 4 === 2) await writer.remove(key);
    if (n % 4 === 3) await writer.put(writer.keptBack(key, writer.canaries.oldImage));
    if (n % 3 === 0) await writer.change(sharedKey(site, n));
    if (n % 3 === 1) await writer.moveOut(sharedKey(site, n));
  }
}

async function tablePlace(site: WorldSite, table: string): Promise<Place> {
  return { name: `${table} of ${site.name}`, bytes: JSON.stringify(await readWireItems(site, table)) };
}

/** Digests that items with canaries have in their marks: by them what a policy hides of an item could be guessed. */
async function digestsIn(site: WorldSite, table: string): Promise<string[]> {
  const items = await readWireItems(site, table);
  return items.flatMap((item) =>
    JSON.stringify(item).includes('canaryOf') ? (item['_dynaferry']?.M?.['h']?.B ?? []) : [],
  );
}

/** One of the two directions, and the application at the site that it begins at. */
interface Way {
  from: SiteName;
  table: string;
  scenario: Scenario;
  writer: CanaryWriter;
  /** Where its verification keeps what it finds. */
  reports: string;
}

async function bothWays(sites: WatchedSites, conflict: unknown): Promise<Way[]> {
  const definitions = { source: tableOf('source'), target: tableOf('target') };
  const [there, back] = await mirrored(world, sites, conflict, definitions);
  let version = 10;
  const way = (from: SiteName, scenario: Scenario, policy: Scenario['yaml']['policy']): Way => {
    scenario.yaml.policy = policy;
    writeFileSync(join(scenario.folder, 'key.mjs'), hidingKeys);
    writeFileSync(join(scenario.folder, 'nick.mjs'), throwing);
    const site = world[from];
    const table = scenario.yaml.source.table!;
    const stamp = (): Item => ({ version: { N: String(++version) }, region: { S: site.region } });
    const options = { site, table, canaries: canariesOf(from) };
    const writer = new CanaryWriter(conflict === 'managed' ? options : { ...options, stamp });
    return { from, table, scenario, writer, reports: newFolder() };
  };
  return [way('source', there, policies.there), way('target', back, policies.back)];
}

/** Everything but the two tables and what verifications report. */
async function placesOf(ways: Way[], traces: Traces): Promise<Place[]> {
  const tombstones = ways.map(({ from, table }) => tablePlace(world[from], `${table}-dynaferry-deletes`));
  const buckets = ways.flatMap(({ scenario }) =>
    (['source', 'target'] as const).map((at) => ({ bucket: scenario.buckets[at], s3: world[at].s3 })),
  );
  return [...traces.places, ...buckets, ...(await Promise.all(tombstones))];
}

async function expectKept({ from, table, writer, reports }: Way, otherTable: string, places: Place[]): Promise<void> {
  const canaries = Object.values(writer.canaries);
  const inOwn = await searchForCanaries([await tablePlace(world[from], table)], canaries);
  expect(new Set(inOwn.map(({ canary }) => canary))).toEqual(new Set(canaries));

  const other = await tablePlace(world[otherOf(from)], otherTable);
  // Of what never passes not even that it is there: its deletes are sent in no form.
  const hiddenKeys = Array.from({ length: KEYS }, (_, n) => hidden(`${writer.canaries.keptBackKey}${n}`));
  const secrets = [HASH_KEY, ...Object.values(siteIdentities).map(({ credentials }) => credentials.secretAccessKey)];
  const findings = await searchForCanaries(
    // A verification lists keys that only its target has, for whoever may read both tables: its report is held against the site that it verifies from.
    [...places, other, { folder: reports }],
    [...canaries, ...hiddenKeys, ...(await digestsIn(world[from], table)), ...secrets],
  );
  expect(findings).toEqual([]);
  // But what may cross has crossed.
  expect(await searchForCanaries([other], [`harmless ${from} 8`])).toHaveLength(1);
}

/** Side by side, since they wait most of the time. */
test.concurrent.each([
  ['attributes of the application', 7, { version: 'version', origin: 'region' }],
  ['marks of ours', 8, 'managed'],
])(
  'what each of two sites keeps back or hides from the other is found nowhere outside its own table: stamps in %s (seed %i)',
  async (_, seed, conflict) => {
    await using sites = await WatchedSites.start(world);
    const ways = await bothWays(sites, conflict);
    const traces = new Traces(...ways.map(({ scenario }) => scenario.folder));
    // The most that the program says of itself.
    const env = { ...siteEnvironment.source, ...siteEnvironment.target, DYNAFERRY_DEBUG: '1' };
    const options = (): ProgramOptions => ({ env, cwd: traces.newFolder() });
    const random = new Random(seed);
    const killed = async ({ scenario }: Way): Promise<void> => {
      const start = (more: ProgramOptions): RunningProgram => replicate(scenario, [], { ...options(), ...more });
      const result = await traces.note('killed', startDoomed(sites, random, start, REQUESTS_MAX));
      expect(isKilled(result)).toBe(true);
    };
    const caughtUp = async ({ scenario }: Way): Promise<ProgramEvent> => {
      const result = await traces.note('caught up', replicate(scenario, ['--until-caught-up'], options()));
      const summary = result.events.at(-1);
      // Each run tells of what the other site has refused.
      expect({ code: result.code, error: summary?.['error'] }).toMatchObject({
        code: 8,
        error: { code: 'DEAD_LETTERS' },
      });
      return summary!;
    };

    for (const { writer, from } of ways) await writeOwn(writer, from);
    await Promise.all(ways.map(killed));
    await Promise.all(ways.map(caughtUp));
    for (const { writer, from } of ways) await writeShared(writer, from);
    await Promise.all(ways.map(killed));
    // What one of them applies and puts back the other one's capture sees.
    await Promise.all(ways.map(caughtUp));
    for (const { captured } of await Promise.all(ways.map(caughtUp))) {
      const none = Object.entries(captured as Record<string, number>).filter(([, count]) => count === 0);
      // Of every other kind there was something.
      expect(none.map(([kind]) => kind)).toEqual(['before', 'skipped']);
    }
    for (const { scenario, reports } of ways) {
      await traces.note('status', scenario.start('status', [], options()));
      const verify = scenario.start('verify', ['--settle', '0s', '--state-dir', reports], options());
      const verified = await traces.note('verify', verify);
      expect(verified.code).toBe(7);
    }

    const digests = await Promise.all(ways.map(({ from, table }) => digestsIn(world[from], table)));
    expect(digests.map(({ length }) => length > 0)).toEqual(ways.map(() => conflict === 'managed'));
    const places = await placesOf(ways, traces);
    const [there, back] = ways;
    await expectKept(there, back.table, places);
    await expectKept(back, there.table, places);
  },
);

type ProgramEvent = ProgramResult['events'][number];
