import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Mutator } from '../../test/e2e/mutator.ts';
import { paddedProfiles } from '../../test/e2e/profiles.ts';
import { startDynamoDbLocal } from '../../test/world/dynamodb-local.ts';
import { startRadosgw } from '../../test/world/radosgw.ts';
import { openRunDirectory } from '../../test/world/run-directory.ts';
import { siteIdentities } from '../../test/world/site.ts';
import { writeWireItems } from '../../test/world/wire-table.ts';
import { WorldSite } from '../../test/world/world-site.ts';
import { Replication, type Sites } from './replication.ts';
import { sample } from './sample.ts';

const HELP = `npm run bench:replicate-soak -- [options]     a table that is written to for long, and run --live beside it: what grows?

  --minutes N        how long somebody writes; 15. Removal begins after about nine, when there are 512 commits
  --pause-ms N       between two writes; 20
  --every S          seconds between two looks; 30
  --seed N           of the writes; 1
`;

const ITEMS = 300;
/** Of one radosgw. */
const DISK_BYTES = 4e9;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    'pause-ms': { type: 'string', default: '20' },
    every: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const runDirectory = openRunDirectory();
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-soak-'));
  try {
    const sites = await startSites(runDirectory.path);
    try {
      await soak(sites, folder);
    } finally {
      await Promise.all([sites.source.close(), sites.target.close()]);
    }
  } finally {
    rmSync(folder, { recursive: true });
    await runDirectory.close();
  }
}

async function startSites(runDirectory: string): Promise<Sites> {
  const { source, target } = siteIdentities;
  const [dynamodb, from, to] = await Promise.all([
    startDynamoDbLocal(runDirectory),
    startRadosgw(runDirectory, 'source', source.credentials, DISK_BYTES),
    startRadosgw(runDirectory, 'target', target.credentials, DISK_BYTES),
  ]);
  return {
    source: new WorldSite('source', { dynamodb: dynamodb.endpoint, s3: from.endpoint }),
    target: new WorldSite('target', { dynamodb: dynamodb.endpoint, s3: to.endpoint }),
  };
}

async function soak(sites: Sites, folder: string): Promise<void> {
  const seed = Number(values.seed);
  const items = [...paddedProfiles({ items: ITEMS, seed, match: 0.5, exotic: true }, 300)];
  const table = await sites.source.createTable();
  await writeWireItems(sites.source, table, items);
  const replication = await Replication.prepare(sites, table, folder);
  const keys = items.map((item) => (JSON.parse(item) as { PK: { S: string } }).PK.S);
  const pauseMs = Number(values['pause-ms']);
  const mutator = Mutator.start(sites.source, table, { seed, keys, pauseMs });
  const live = replication.start('run', '--live', '--json');
  try {
    const endMs = Date.now() + Number(values.minutes) * 60_000;
    while (Date.now() < endMs && live.process.exitCode === null) {
      await sleep(Number(values.every) * 1000);
      say(`${mutator.changes} writes; ${await sample(replication, live.process.pid ?? 0)}`);
    }
    if (live.process.exitCode !== null) throw new Error(`run --live ended with exit code ${live.process.exitCode}`);
    await mutator.stop();
    const code = await replication.start('cutover').done;
    if (code !== 0) throw new Error(`cutover ended with exit code ${code}`);
    say('all that was written is at the target');
  } finally {
    await mutator.stop();
    live.process.kill('SIGINT');
    await live.done;
  }
}

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
