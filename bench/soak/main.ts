import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { provide } from '../../scripts/apt-needs.ts';
import { startRadosgw } from '../../test/world/radosgw.ts';
import { Random } from '../../test/world/random.ts';
import { openRunDirectory } from '../../test/world/run-directory.ts';
import { siteIdentities } from '../../test/world/site.ts';
import { newS3Client } from '../../test/world/world-site.ts';
import { SOURCE_BUCKET, TARGET_BUCKET } from '../copy/data-sets.ts';
import { dynaferry, rcloneRemote, type Command, type CopyJob } from '../copy/tools.ts';
import { fill } from './fill.ts';

const HELP = `npm run bench:soak -- [options]     two radosgw; many objects; killed again and again; compared by rclone

  --small N          small objects, of 0 to 20 KB; 100000
  --large-gb N[,N]   sizes of large objects in GB; 1,2,5. '' for none
  --kills N          so often it is killed, then it may finish; 20
  --kill-within S    each time after 1 to S seconds; 20
  --elsewhere        each start has an empty folder, as on another machine
  --settings TEXT    more of the command line, such as "--compare size"
  --seed N           of contents and of the moments; 1
`;

const GB = 1e9;
/** What a small object takes on disk, at the most, with what Ceph keeps about it. */
const SMALL_DISK_BYTES = 70_000;

const { values } = parseArgs({
  options: {
    small: { type: 'string', default: '100000' },
    'large-gb': { type: 'string', default: '1,2,5' },
    kills: { type: 'string', default: '20' },
    'kill-within': { type: 'string', default: '20' },
    elsewhere: { type: 'boolean', default: false },
    settings: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const smallObjects = Number(values.small);
const largeBytes = values['large-gb']
  .split(',')
  .filter(Boolean)
  .map((text) => Number(text) * GB);
const seed = Number(values.seed);
/** Of one site, with room for uploads that were cut off. */
const diskBytes = Math.ceil((2 * (smallObjects * SMALL_DISK_BYTES + sum(largeBytes))) / GB + 4) * GB;

if (values.help) process.stdout.write(HELP);
else if (hasRoom() && provide('Comparisons', [{ command: 'rclone', aptPackage: 'rclone' }])) await main();
else process.exitCode = 1;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Files of the clusters are as long as what lies in them, so half of what they may hold is what is needed. */
function hasRoom(): boolean {
  const { bavail, bsize } = statfsSync(tmpdir());
  const free = bavail * bsize;
  if (free >= diskBytes) return true;
  console.error(`${tmpdir()} has ${(free / GB).toFixed(1)} GB left, and ${(diskBytes / GB).toFixed(1)} GB are needed:`);
  console.error('take less of --small and --large-gb, or another folder with TMPDIR');
  return false;
}

async function main(): Promise<void> {
  const runDirectory = openRunDirectory();
  try {
    const { source, target } = siteIdentities;
    const [from, to] = await Promise.all([
      startRadosgw(runDirectory.path, 'source', source.credentials, diskBytes),
      startRadosgw(runDirectory.path, 'target', target.credentials, diskBytes),
    ]);
    const job: CopyJob = { endpoints: { source: from.endpoint, target: to.endpoint }, prefix: '' };
    const sourceS3 = newS3Client('source', from.endpoint);
    const bytes = await fill(sourceS3, SOURCE_BUCKET, { smallObjects, largeBytes, seed }, say);
    await newS3Client('target', to.endpoint).send(new CreateBucketCommand({ Bucket: TARGET_BUCKET }));
    const keys = { source: source.credentials, target: target.credentials };
    const settings = values.settings.split(' ').filter(Boolean);
    await copyUntilDone(dynaferry('dynaferry', settings, keys).command(job));
    await compare(job);
    say(`${smallObjects + largeBytes.length} objects, ${(bytes / GB).toFixed(1)} GB: byte for byte the same`);
  } finally {
    await runDirectory.close();
  }
}

/** Kills it at random moments, and the last time lets it finish. Throws where it ends by itself and not well. */
async function copyUntilDone(command: Command): Promise<void> {
  const random = new Random(seed);
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-soak-'));
  try {
    for (let start = 0; ; start++) {
      const killAfterMs =
        start < Number(values.kills) ? random.integer(1000, Number(values['kill-within']) * 1000) : undefined;
      const cwd = values.elsewhere ? mkdtempSync(join(folder, 'start-')) : folder;
      const startedMs = performance.now();
      const code = await runUntil(command, cwd, killAfterMs);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      say(`start ${start + 1}: ${code === undefined ? 'killed' : `exit code ${code}`} after ${seconds} s`);
      if (code === 0) return;
      if (code !== undefined) throw new Error('the copy failed');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Its exit code; undefined when it was killed. */
async function runUntil(command: Command, cwd: string, killAfterMs?: number): Promise<number | undefined> {
  const { file, args, env } = command;
  const child = spawn(file, args, { cwd, env: { ...env, HOME: cwd }, stdio: ['ignore', 'ignore', 'inherit'] });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(timer);
  return code ?? undefined;
}

/** By a program that shares nothing with ours: it reads both sides whole. */
async function compare({ endpoints }: CopyJob): Promise<void> {
  say('rclone check --download');
  const { source, target } = siteIdentities;
  const rclone = spawn(
    'rclone',
    [
      'check',
      `src:${SOURCE_BUCKET}`,
      `tgt:${TARGET_BUCKET}`,
      '--download',
      '--config',
      '',
      '--checkers',
      '16',
      '--stats',
      '30s',
      '--stats-one-line',
    ],
    {
      env: {
        PATH: process.env['PATH'],
        ...rcloneRemote('SRC', endpoints.source, source.credentials),
        ...rcloneRemote('TGT', endpoints.target, target.credentials),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code] = (await once(rclone, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`rclone found differences (exit code ${code})`);
}

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
