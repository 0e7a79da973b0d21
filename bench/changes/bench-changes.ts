import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from '../../src/demo/live/arrivals.ts';
import { feed } from './feed.ts';
import { MeasuredProcess } from './measured-process.ts';
import type { ChangesJob, Program } from './messages.ts';
import { cpuSecondsOf, fill, TABLE, withSites, type ChangesSite } from './world.ts';

/** What was measured of one program. */
export interface ChangesResult {
  program: Program;
  /** While it caught up with changes that were all there before. */
  changesPerSecond: number;
  cpuSecondsPer100k: number;
  rssPeakBytes: number;
  /** Cores that each of the services used meanwhile. */
  sourceDynamoDb: number;
  targetDynamoDb: number;
  s3: number;
  /** While it followed changes as they were made, at half of that rate. */
  fedPerSecond: number;
  samples: number;
  lagMedianMs: number;
  lagP99Ms: number;
}

export interface ChangesScale {
  changes: number;
  /** How long the lag is measured. */
  lagSeconds: number;
  /** At which rate the lag is measured; half of what the program has reached where absent. */
  changesPerSecond?: number;
}

const WARM_UP_MS = 8000;
const LOOK_MS = 25;
/** What was written last may take that long to arrive. */
const LAST_MS_MAX = 60_000;

/** Measures one program: first how fast it catches up, then how far it lies behind at half that rate. */
export async function benchChanges(program: Program, scale: ChangesScale): Promise<ChangesResult> {
  const caughtUp = await withSites((source, target) => catchUp(program, scale.changes, source, target));
  const rate = scale.changesPerSecond ?? caughtUp.changesPerSecond / 2;
  const followed = await withSites((source, target) => follow(program, rate, scale.lagSeconds, source, target));
  return { program, ...caughtUp, ...followed };
}

type CaughtUp = Omit<ChangesResult, 'program' | 'fedPerSecond' | 'samples' | 'lagMedianMs' | 'lagP99Ms'>;

async function catchUp(program: Program, changes: number, source: ChangesSite, target: ChangesSite): Promise<CaughtUp> {
  await fill(source, TABLE, changes);
  const services = [source.dynamodb, target.dynamodb, ...source.s3, ...target.s3];
  const before = services.map((one) => cpuSecondsOf(one));
  const startedMs = performance.now();
  const measured = await MeasuredProcess.start({ ...jobOf(program, source, target), changes });
  await measured.applied();
  const seconds = (performance.now() - startedMs) / 1000;
  const [sourceDynamoDb, targetDynamoDb, ...s3] = services.map((one, i) => (cpuSecondsOf(one) - before[i]) / seconds);
  const { cpuSeconds, rssPeakBytes } = await measured.stop();
  const arrived = await countOf(target);
  if (arrived !== changes) throw new Error(`${program}: ${arrived} of ${changes} items are at the target`);
  return {
    changesPerSecond: changes / seconds,
    cpuSecondsPer100k: (cpuSeconds / changes) * 100_000,
    rssPeakBytes,
    sourceDynamoDb,
    targetDynamoDb,
    s3: s3.reduce((sum, cores) => sum + cores, 0),
  };
}

async function follow(
  program: Program,
  changesPerSecond: number,
  seconds: number,
  source: ChangesSite,
  target: ChangesSite,
): Promise<Pick<ChangesResult, 'fedPerSecond' | 'samples' | 'lagMedianMs' | 'lagP99Ms'>> {
  const arrivals = new Arrivals(target.client, TABLE, 2 * (seconds * 1000 + LAST_MS_MAX));
  const measured = await MeasuredProcess.start(jobOf(program, source, target));
  const watching = new AbortController();
  const watched = arrivals.watch(LOOK_MS, watching.signal).catch((error: unknown) => {
    if (!watching.signal.aborted) throw error;
  });
  const fedPerSecond = await feed({
    client: source.client,
    table: TABLE,
    changesPerSecond,
    arrivals,
    warmUpMs: WARM_UP_MS,
    signal: AbortSignal.timeout(WARM_UP_MS + seconds * 1000),
  });
  const deadlineMs = performance.now() + LAST_MS_MAX;
  while (arrivals.waiting > 0 && performance.now() < deadlineMs) await sleep(LOOK_MS);
  watching.abort();
  await watched;
  await measured.stop();
  const { changes: samples = 0, medianMs = NaN, p99Ms = NaN } = arrivals.statistics ?? {};
  if (arrivals.waiting > 0) throw new Error(`${program}: ${arrivals.waiting} of ${samples} samples did not arrive`);
  return { fedPerSecond, samples, lagMedianMs: medianMs, lagP99Ms: p99Ms };
}

function jobOf(program: Program, source: ChangesSite, target: ChangesSite): Omit<ChangesJob, 'folder'> {
  return { program, table: TABLE, source: source.endpoints, target: target.endpoints };
}

async function countOf({ client }: ChangesSite): Promise<number> {
  let count = 0;
  for (let from: object | undefined = {}; from !== undefined;) {
    const input = {
      TableName: TABLE,
      Select: 'COUNT',
      ...(Object.keys(from).length > 0 && { ExclusiveStartKey: from }),
    };
    const page: { Count: number; LastEvaluatedKey?: object } = await client.callJson('Scan', TABLE, input);
    count += page.Count;
    from = page.LastEvaluatedKey;
  }
  return count;
}
