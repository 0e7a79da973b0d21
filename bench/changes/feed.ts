import { setTimeout as sleep } from 'node:timers/promises';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import type { Arrivals } from '../../src/demo/live/arrivals.ts';
import { stampProfile } from '../../src/demo/live/stamp-profile.ts';
import type { DynamoDbClient } from '../../src/dynamodb/client.ts';
import { ItemPutter } from '../../src/dynamodb/put-items.ts';

const CHANGES_AT_ONCE = 25;
/** Requests under way at once; what is due when so many are waits. */
const REQUESTS_MAX = 16;

export interface FeedOptions {
  client: DynamoDbClient;
  table: string;
  changesPerSecond: number;
  /** Hears of one item of each request. */
  arrivals: Arrivals;
  /** Items that are written before `arrivals` hears of any: what is measured has found its pace then. */
  warmUpMs: number;
  signal: AbortSignal;
}

/** Puts new profiles into a table at a steady rate until the signal ends it; resolves with the rate that it reached. */
export async function feed(options: FeedOptions): Promise<number> {
  const { client, table, changesPerSecond, arrivals, warmUpMs, signal } = options;
  const putter = new ItemPutter(client, table, { partition: { name: 'PK', type: 'S' } });
  const profiles = generateProfiles({ items: Number.MAX_SAFE_INTEGER, seed: 2 });
  const underWay = new Set<Promise<unknown>>();
  const everyMs = (1000 * CHANGES_AT_ONCE) / changesPerSecond;
  const startedMs = performance.now();
  let requests = 0;
  while (!signal.aborted) {
    const dueMs = startedMs + requests * everyMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (underWay.size >= REQUESTS_MAX) await Promise.race(underWay);
    const stamp = Date.now() / 1000;
    const { key, text } = stampProfile(profiles.next().value as string, stamp);
    const texts = [text, ...Array.from({ length: CHANGES_AT_ONCE - 1 }, () => profiles.next().value as string)];
    // Before it is sent: what the write itself takes is part of the lag.
    if (performance.now() - startedMs > warmUpMs) arrivals.put(key, stamp);
    const writes = texts.map((one) => {
      const bytes = Buffer.from(one);
      return { bytes, start: 0, end: bytes.length };
    });
    const writing = putter.putBatch(writes, AbortSignal.timeout(60_000)).finally(() => underWay.delete(writing));
    underWay.add(writing);
    requests++;
  }
  await Promise.all(underWay);
  return (1000 * requests * CHANGES_AT_ONCE) / (performance.now() - startedMs);
}
