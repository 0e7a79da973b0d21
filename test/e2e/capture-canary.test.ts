import { DeleteItemCommand, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { searchForCanaries, type Place } from '../world/canaries.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { HASH_KEY, Scenario, expectFailure, siteEnvironment } from './scenario.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const KEYS = 30;
/** A capture makes some requests to begin with and a few a second then. */
const REQUESTS_MAX = 30;

/** Each stands for one place of the stream where personal data lies, and must be found nowhere but there. */
const canaries = {
  keptBackKey: 'canaryKeptBackKey',
  keptBackText: 'canaryKeptBackText',
  keptBackBinary: 'canaryKeptBackBinary',
  keptBackNumber: '7654321765432176543217654321',
  oldImage: 'canaryOldImage',
  hashedKey: 'canaryHashedKey',
  dropped: 'canaryDropped',
  thrown: 'canaryThrown',
  refusedKey: 'canaryRefusedKey',
};

type Item = Record<string, AttributeValue>;

/** Outside of the filter: everything in it is a canary. */
function keptBack(key: string, what = canaries.keptBackText): Item {
  return {
    PK: { S: key },
    country: { S: 'Germany' },
    name: { S: what },
    photo: { B: Buffer.from(canaries.keptBackBinary) },
    height: { N: canaries.keptBackNumber },
  };
}

function passing(key: string, harmless: string): Item {
  return {
    PK: { S: key },
    country: { S: 'China' },
    harmless: { S: harmless },
    sex: { S: canaries.dropped },
  };
}

const throwing = `export default (value) => {
  const error = new Error(\`cannot treat \${value.S}\`);
  error.stack += value.S;
  throw error;
};
`;

test(
  'old images, keys of deletes and what the filter keeps back are found nowhere outside the source table (seed 6)',
  { timeout: 300_000 },
  async () => {
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
        nick: { function: { file: './nick.mjs' } },
      },
    };
    writeFileSync(join(scenario.folder, 'nick.mjs'), throwing);
    const put = (Item: Item) =>
      world.source.dynamodb.send(new PutItemCommand({ TableName: scenario.sourceTable, Item }));
    const remove = (key: string) =>
      world.source.dynamodb.send(new DeleteItemCommand({ TableName: scenario.sourceTable, Key: { PK: { S: key } } }));
    for (let n = 0; n < KEYS; n++) {
      const { keptBackKey, hashedKey, refusedKey, oldImage } = canaries;
      // Never passes: written, changed, deleted.
      await put(keptBack(`${keptBackKey}${n}`));
      await put(keptBack(`${keptBackKey}${n}`, oldImage));
      if (n % 2 === 0) await remove(`${keptBackKey}${n}`);
      // Comes in from outside, and goes out again.
      await put(keptBack(`${hashedKey}${n}`, oldImage));
      await put(passing(`${hashedKey}${n}`, `harmless ${n}`));
      if (n % 3 === 0) await put(keptBack(`${hashedKey}${n}`));
      if (n % 3 === 1) await remove(`${hashedKey}${n}`);
      if (n % 10 === 0) await put({ ...passing(`${refusedKey}${n}`, 'x'), nick: { S: canaries.thrown } });
    }

    const env = { ...siteEnvironment.source, DYNAFERRY_DEBUG: '1' };
    const folders = [scenario.folder];
    const said: Place[] = [];
    const random = new Random(6);
    const start = (more: ProgramOptions): RunningProgram => {
      const cwd = newFolder();
      folders.push(cwd);
      return scenario.start('capture', ['--until-caught-up'], { env, cwd, ...more });
    };
    const note = async (running: RunningProgram) => {
      const result = await running.done;
      said.push({ name: 'stdout', bytes: result.stdout }, { name: 'stderr', bytes: result.stderr });
      return result;
    };
    let kills = 0;
    for (let runs = 0; runs < 4; runs++)
      if (isKilled(await note(startDoomed(sites, random, start, REQUESTS_MAX)))) kills++;
    const last = await note(start({}));
    expect(kills).toBeGreaterThan(0);
    const { captured } = last.events.at(-1) as unknown as { captured: Record<string, number> };
    expect(captured).toMatchObject({ puts: KEYS, deletes: (KEYS * 2) / 3, deadLettered: KEYS / 10 });
    // Set aside by one of the runs: where that is the last one, it says so.
    if (last.code !== 0) expectFailure(last, 8, 'DEAD_LETTERS');

    const findings = await searchForCanaries(
      [
        ...said,
        ...folders.map((folder) => ({ folder })),
        { bucket: scenario.buckets.source, s3: world.source.s3 },
        { bucket: scenario.buckets.target, s3: world.target.s3 },
      ],
      [...Object.values(canaries), HASH_KEY],
    );
    expect(findings).toEqual([]);
    const harmless = await searchForCanaries(
      [{ bucket: scenario.buckets.source, s3: world.source.s3 }],
      ['harmless 2'],
    );
    expect(harmless.length).toBeGreaterThan(0);
  },
);
