import { setTimeout as sleep } from 'node:timers/promises';
import { openSite } from '../../aws/site.ts';
import { DynamoDbClient } from '../../dynamodb/client.ts';
import { ItemPutter, type ItemWrite } from '../../dynamodb/put-items.ts';
import type { LagStatistics } from '../../engine/lag-window.ts';
import { asDynaferryError } from '../../model/errors.ts';
import { DEMO_SOURCE_TABLE, DEMO_TARGET_TABLE } from '../demo-migration.ts';
import { generateProfiles, type GenerateOptions } from '../generate/profiles.ts';
import { Random } from '../generate/random.ts';
import type { Demo } from '../open-demo.ts';
import { Arrivals } from './arrivals.ts';
import { stampProfile } from './stamp-profile.ts';

/** Changes of one request, and how often there is one: a hundred a second. */
const CHANGES_AT_ONCE = 10;
const PAUSE_MS = 100;
/** One change in so many is a delete, and one a new profile. */
const DELETE_ONE_IN = 10;
const NEW_ONE_IN = 5;
const LOOK_MS = 50;
/** Short, so that one sees the lag fall when the target has caught up. */
const WINDOW_MS = 8000;

/**
 * Somebody who uses the source table of a live demo while it is moved: puts new profiles, other ones in place of those that are there (which may move them into the filter or out of
 * it), and deletes some. It sees for itself when what it put is at the target.
 */
export class DemoApplication {
  readonly #client: DynamoDbClient;
  readonly #targetClient: DynamoDbClient;
  readonly #putter: ItemPutter;
  readonly #arrivals: Arrivals;
  readonly #random: Random;
  readonly #profiles: Iterator<string>;
  readonly #keys: string[];
  readonly #scope = new AbortController();
  readonly #signal: AbortSignal;
  #changes = 0;
  #writing: Promise<void> = Promise.resolve();
  #watching: Promise<void> = Promise.resolve();

  private constructor({ sites, env }: Demo, made: GenerateOptions, signal?: AbortSignal) {
    const { source, target } = sites;
    const siteOf = ({ region, dynamodb }: typeof source, environmentPrefix: string) => ({
      region,
      environmentPrefix,
      endpoint: { dynamodb },
    });
    this.#client = new DynamoDbClient(openSite('source', siteOf(source, 'GLOBAL_'), env));
    this.#targetClient = new DynamoDbClient(openSite('target', siteOf(target, 'CHINA_'), env));
    this.#putter = new ItemPutter(this.#client, DEMO_SOURCE_TABLE, { partition: { name: 'PK', type: 'S' } });
    this.#arrivals = new Arrivals(this.#targetClient, DEMO_TARGET_TABLE, WINDOW_MS);
    this.#random = new Random(made.seed);
    this.#keys = Array.from(generateProfiles(made), (profile) => stampProfile(profile, 0).key);
    this.#profiles = generateProfiles({ items: Number.MAX_SAFE_INTEGER, seed: made.seed + 1, match: 0.5 });
    this.#signal = signal === undefined ? this.#scope.signal : AbortSignal.any([signal, this.#scope.signal]);
  }

  /** Begins to change the table of a live demo that was filled with `made`, until `stop` or the signal. */
  static start(demo: Demo, made: GenerateOptions, signal?: AbortSignal): DemoApplication {
    const application = new DemoApplication(demo, made, signal);
    application.#writing = application.#write();
    application.#watching = application.#arrivals.watch(LOOK_MS, application.#signal);
    // Whoever stops it hears of failures.
    application.#writing.catch(() => undefined);
    application.#watching.catch(() => undefined);
    return application;
  }

  /** Changes made so far. */
  get changes(): number {
    return this.#changes;
  }

  /** Of its changes, those that are on their way to the target. */
  get waiting(): number {
    return this.#arrivals.waiting;
  }

  /** For how long the oldest of those has been on its way, in milliseconds; 0 where none is. */
  get behindMs(): number {
    const { oldestMs } = this.#arrivals;
    return oldestMs === undefined ? 0 : performance.now() - oldestMs;
  }

  /** How long those took that arrived in the last seconds; undefined where none did. */
  get lag(): LagStatistics | undefined {
    return this.#arrivals.statistics;
  }

  /** Resolves when its last change is made. Throws what kept it from going on. */
  async stop(): Promise<void> {
    this.#scope.abort();
    const ends = await Promise.allSettled([this.#writing, this.#watching]);
    await Promise.all([this.#client.close(), this.#targetClient.close()]);
    for (const end of ends)
      if (end.status === 'rejected' && asDynaferryError(end.reason).code !== 'INTERRUPTED') throw end.reason;
  }

  async #write(): Promise<void> {
    const signal = this.#signal;
    for (let dueMs = performance.now(); ; dueMs += PAUSE_MS) {
      await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal });
      const changes = new Map<string, ItemWrite & { stamp?: number }>();
      while (changes.size < CHANGES_AT_ONCE) {
        const [key, change] = this.#next();
        changes.set(key, change);
      }
      // An answer that is not waited for would leave it open whether the change was made.
      await this.#putter.putBatch([...changes.values()], AbortSignal.timeout(10_000));
      for (const [key, { stamp }] of changes)
        if (stamp === undefined) this.#arrivals.forget(key);
        else this.#arrivals.put(key, stamp);
      this.#changes += changes.size;
    }
  }

  #next(): [key: string, change: ItemWrite & { stamp?: number }] {
    const random = this.#random;
    const known = this.#keys[random.below(this.#keys.length)];
    if (random.below(DELETE_ONE_IN) === 0) return [known, { ...rangeOf({ PK: { S: known } }), deletes: true }];
    const profile = this.#profiles.next().value as string;
    const stamp = Date.now() / 1000;
    const { key, text, country } = stampProfile(profile, stamp);
    const isNew = random.below(NEW_ONE_IN) === 0;
    if (isNew) this.#keys.push(key);
    const item = isNew ? text : text.replace(key, known);
    const bytes = Buffer.from(item);
    const passes = country === 'China';
    return [isNew ? key : known, { bytes, start: 0, end: bytes.length, ...(passes && { stamp }) }];
  }
}

function rangeOf(value: object): ItemWrite {
  const bytes = Buffer.from(JSON.stringify(value));
  return { bytes, start: 0, end: bytes.length };
}
