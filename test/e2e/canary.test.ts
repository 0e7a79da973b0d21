import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { searchForCanaries } from '../world/canaries.ts';
import type { ProgramOptions, ProgramResult } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { siteIdentities } from '../world/site.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, writeWireItems, type WireItem, type WireValue } from '../world/wire-table.ts';
import { throwing } from './canary-writer.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { HASH_KEY, Scenario, siteEnvironment } from './scenario.ts';
import { Traces } from './traces.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 600;
const KILLS_MAX = 7;

/** Each stands for one place where personal data lies, and must be found nowhere but there. */
const canaries = {
  keptBackKey: 'canaryKeptBackKey',
  keptBackName: 'canaryKeptBackName',
  keptBackText: 'canaryKeptBackText',
  keptBackNested: 'canaryKeptBackNested',
  keptBackMember: 'canaryKeptBackMember',
  keptBackBinary: 'canaryKeptBackBinary',
  keptBackNumber: '7654321765432176543217654321',
  hashedKey: 'canaryHashedKey',
  hashed: 'canaryHashed',
  hashedNumber: '8765432187654321876543218765',
  masked: 'canaryMasked',
  maskedEnd: 'canaryMaskedEnd',
  dropped: 'canaryDropped',
  droppedNested: 'canaryDroppedNested',
  encrypted: 'canaryEncrypted',
  truncated: 'canaryTruncated',
  thrown: 'canaryThrown',
  wrongType: 'canaryWrongType',
  wrongMap: 'canaryWrongMap',
  refusedKey: 'canaryRefusedKey',
};
const secrets = [HASH_KEY, ...Object.values(siteIdentities).map(({ credentials }) => credentials.secretAccessKey)];

const S = (text: string): WireValue => ({ S: text });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What the filter keeps back: everything in it is a canary. */
function keptBack(n: number): WireItem {
  const { keptBackKey, keptBackName, keptBackText, keptBackNested, keptBackMember, keptBackBinary } = canaries;
  return {
    PK: S(`${keptBackKey}${n}`),
    country: S(n % 2 === 0 ? 'Germany' : keptBackText),
    [`${keptBackName}${n}`]: S('name'),
    govid: S(keptBackText),
    address: { M: { street: S(keptBackNested), rooms: { L: [S(keptBackNested)] } } },
    tags: { SS: [keptBackMember, 'other'] },
    photo: { B: base64(keptBackBinary) },
    height: { N: canaries.keptBackNumber },
    ...(n % 5 === 0 ? { email: { BOOL: true } } : {}),
  };
}

/** What passes the filter: the rules take the canaries out. */
function passing(n: number): WireItem {
  return {
    PK: S(`${canaries.hashedKey}${n}`),
    country: S('China'),
    harmless: S(`harmless ${n}`),
    govid: n % 2 === 0 ? S(`${canaries.hashed}${n}`) : { N: `${canaries.hashedNumber}.${n}1` },
    email: S(`x${canaries.masked}@example.com`),
    phone: S(`${canaries.maskedEnd}-99`),
    sex: S(canaries.dropped),
    address: { M: { street: S(canaries.droppedNested), city: S('Beijing') } },
    salary: S(canaries.encrypted),
    born: S(`1987 ${canaries.truncated}`),
  };
}

/** What passes the filter and breaks a rule: the value has a type that the rule cannot treat, or the user's function throws it. */
function breaking(n: number): WireItem {
  const item = { ...passing(n), PK: S(`${canaries.refusedKey}${n}`) };
  switch (n % 4) {
    case 0:
      return { ...item, govid: { M: { inner: S(canaries.wrongMap) } } };
    case 1:
      return { ...item, address: S(canaries.wrongType) };
    case 2:
      return { ...item, nick: S(canaries.thrown) };
    default:
      return { ...item, email: { L: [S(canaries.wrongType), { BOOL: true }] } };
  }
}

/** DynamoDB refuses these at the target, where `rank` is the number of an index. */
function refused(n: number): WireItem {
  return { ...passing(n), rank: S('not a number') };
}

const policy = {
  filter: "country = 'China'",
  attributes: {
    PK: { hash: { key: 'env:HASH_KEY' } },
    govid: { hash: { key: 'env:HASH_KEY' } },
    email: { mask: 'email' },
    phone: { mask: { keepLast: 2 } },
    sex: 'drop',
    'address.street': 'drop',
    salary: { encrypt: { key: 'env:HASH_KEY' } },
    born: { truncate: { length: 4 } },
    nick: { function: { file: './nick.mjs' } },
  },
};

async function prepare(sites: WatchedSites): Promise<Scenario> {
  const scenario = await Scenario.create(world, { endpoints: sites.endpoints });
  const kinds = [keptBack, keptBack, passing, passing, (n: number) => (n % 3 === 0 ? breaking(n) : refused(n))];
  const items = Array.from({ length: ITEMS }, (_, n) => kinds[n % kinds.length](n));
  await writeWireItems(
    world.source,
    scenario.sourceTable,
    items.map((item) => JSON.stringify(item)),
  );
  scenario.yaml.target.table = await world.target.createTable({
    AttributeDefinitions: [
      { AttributeName: 'PK', AttributeType: 'S' },
      { AttributeName: 'rank', AttributeType: 'N' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-rank',
        KeySchema: [{ AttributeName: 'rank', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  writeFileSync(join(scenario.folder, 'nick.mjs'), throwing);
  scenario.yaml.policy = policy;
  // Pages of some items each, so that a checkpoint is the key of an item, often of one that is kept back.
  scenario.yaml.limits = { read: 150 };
  scenario.yaml.export = { objectSize: '16 KiB', segments: 3, pushDown: false };
  return scenario;
}

test('what the filter keeps back or a rule hides is found nowhere outside the source table, whatever goes wrong (seed 5)', async () => {
  await using sites = await WatchedSites.start(world);
  const scenario = await prepare(sites);
  const random = new Random(5);
  // The most that the program says of itself.
  const env = { ...siteEnvironment.source, ...siteEnvironment.target, DYNAFERRY_DEBUG: '1' };
  const traces = new Traces(scenario.folder);
  const options = (): ProgramOptions => ({ env, cwd: traces.newFolder() });

  let kills = 0;
  let result: ProgramResult;
  do {
    const start = (more: ProgramOptions) => scenario.start('run', [], { ...options(), ...more });
    result = await traces.note(`run ${kills}`, kills < KILLS_MAX ? startDoomed(sites, random, start) : start({}));
    if (isKilled(result)) kills++;
  } while (isKilled(result));
  const summary = result.events.at(-1);
  expect(kills).toBeGreaterThan(3);
  expect(summary).toMatchObject({ read: ITEMS, filtered: (ITEMS * 2) / 5, deadLettered: ITEMS / 5 });

  // Differences of each kind, for verification to report.
  const targetTable = scenario.yaml.target.table;
  const [some] = await readWireItems(world.target, targetTable);
  const write = (Item: object) =>
    world.target.dynamodb.send(new PutItemCommand({ TableName: targetTable, Item: Item as never }));
  await write({ PK: some['PK'], country: S('China'), harmless: S('changed') });
  await write({ PK: S('extra'), country: S('China') });
  const verified = await traces.note('verify', scenario.start('verify', [], options()));
  expect(verified.code).toBe(7);
  await traces.note('status', scenario.start('status', [], options()));
  await traces.note('export again', scenario.start('export', [], options()));

  const all = Object.values(canaries);
  const sourceItems = JSON.stringify(await readWireItems(world.source, scenario.sourceTable));
  const atSource = await searchForCanaries([{ name: 'source', bytes: sourceItems }], all);
  expect(new Set(atSource.map(({ canary }) => canary))).toEqual(new Set(all));

  const targetItems = JSON.stringify(await readWireItems(world.target, targetTable));
  const findings = await searchForCanaries(
    [
      ...traces.places,
      { bucket: scenario.buckets.source, s3: world.source.s3 },
      { bucket: scenario.buckets.target, s3: world.target.s3 },
      { name: 'target table', bytes: targetItems },
    ],
    [...all, ...secrets],
  );
  expect(findings).toEqual([]);
  expect(targetItems).toContain('harmless 2');
});
