import { readFileSync } from 'node:fs';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { openSite } from '../../src/aws/site.ts';
import { createTable } from '../../src/dynamodb/create-table.ts';
import { DynamoDbClient } from '../../src/dynamodb/client.ts';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { profileTable } from '../../src/demo/generate/table.ts';
import { writeItems } from '../../src/demo/generate/write-items.ts';
import { startDynamoDbLocal } from '../../test/world/dynamodb-local.ts';
import { startRadosgw } from '../../test/world/radosgw.ts';
import { openRunDirectory } from '../../test/world/run-directory.ts';
import type { ServiceProcess } from '../../test/world/service-process.ts';
import { siteIdentities, type SiteName } from '../../test/world/site.ts';
import { newS3Client } from '../../test/world/world-site.ts';
import type { SiteEndpoints } from './messages.ts';

/** The table whose changes are copied, at both sites. */
export const TABLE = 'profiles';
const BUCKET = 'changes';
const FILL_MS_MAX = 600_000;
const STREAM = { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } } as const;
/** What /proc counts CPU in; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A site with services of its own, so that one sees which of them is busy. */
export interface ChangesSite {
  endpoints: SiteEndpoints;
  client: DynamoDbClient;
  dynamodb: ServiceProcess;
  s3: ServiceProcess[];
}

/** Profiles that are written before anything is measured: until Java has compiled itself, it is slow. */
const WARM_UP_ITEMS = 8000;

/**
 * Gives two sites with a table of profiles at each, the source's with a stream, and takes them away afterwards. Services are new each time: DynamoDB Local slows down a
 * stream where others have many records.
 */
export async function withSites<Result>(
  work: (source: ChangesSite, target: ChangesSite) => Promise<Result>,
): Promise<Result> {
  const runDirectory = openRunDirectory();
  try {
    const [source, target] = await Promise.all([
      startSite('source', runDirectory.path),
      startSite('target', runDirectory.path),
    ]);
    for (const site of [source, target]) {
      await fill(site, 'warm-up', WARM_UP_ITEMS);
      await createTable(site.client, { ...profileTable(TABLE), ...(site === source && STREAM) });
    }
    return await work(source, target);
  } finally {
    await runDirectory.close();
  }
}

/** Puts so many profiles into a table, which is made where it is missing. */
export async function fill({ client }: ChangesSite, table: string, items: number): Promise<void> {
  await createTable(client, profileTable(table));
  const signal = AbortSignal.timeout(FILL_MS_MAX);
  await writeItems(client, table, generateProfiles({ items, seed: 1 }), { signal });
}

async function startSite(name: SiteName, runDirectory: string): Promise<ChangesSite> {
  const { region, credentials } = siteIdentities[name];
  const [local, gateway] = await Promise.all([
    startDynamoDbLocal(runDirectory),
    startRadosgw(runDirectory, name, credentials),
  ]);
  const endpoints = { dynamodb: local.endpoint, s3: gateway.endpoint, bucket: BUCKET };
  await newS3Client(name, gateway.endpoint).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const env = {
    BENCH_AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    BENCH_AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
  const site = openSite(name, { region, environmentPrefix: 'BENCH_', endpoint: endpoints }, env);
  return {
    endpoints,
    client: new DynamoDbClient(site),
    dynamodb: local.process,
    s3: [gateway.gateway, gateway.storage, gateway.monitor],
  };
}

/** CPU that processes have taken since they began, in seconds. */
export function cpuSecondsOf(...processes: readonly ServiceProcess[]): number {
  return processes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may hold anything: user and system time are the 12th and 13th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
