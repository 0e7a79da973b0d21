import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../world/random.ts';
import { writeWireItems } from '../world/wire-table.ts';
import type { WorldSite } from '../world/world-site.ts';
import { paddedProfiles } from './profiles.ts';

/** Keys that a third of all changes are made to. */
const HOT_KEYS = 4;

export interface MutatorOptions {
  seed: number;
  /** Keys of items that are there. */
  keys: readonly string[];
  /** A pause between two changes. */
  pauseMs: number;
  /** Ends after so many changes; only by `stop` where left out. */
  changes?: number;
}

/**
 * Somebody who uses a table: puts new and other items of all types, changes and deletes them, moves them into the policy's filter and out of it, some keys again and
 * again. The same seed makes the same changes.
 */
export class Mutator {
  readonly #site: WorldSite;
  readonly #table: string;
  readonly #random: Random;
  readonly #keys: string[];
  readonly #pauseMs: number;
  readonly #changesMax: number;
  readonly #profiles: Iterator<string>;
  readonly #stop = new AbortController();
  #changes = 0;
  #done: Promise<void> = Promise.resolve();

  private constructor(site: WorldSite, table: string, { seed, keys, pauseMs, changes = Infinity }: MutatorOptions) {
    this.#site = site;
    this.#table = table;
    this.#random = new Random(seed);
    this.#keys = [...keys];
    this.#pauseMs = pauseMs;
    this.#changesMax = changes;
    this.#profiles = paddedProfiles({ items: 1_000_000, seed: seed + 1, match: 0.5, exotic: true }, 200);
  }

  /** Begins to change the table. */
  static start(site: WorldSite, table: string, options: MutatorOptions): Mutator {
    const mutator = new Mutator(site, table, options);
    mutator.#done = mutator.#run();
    return mutator;
  }

  /** Resolves when the last change is made. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Resolves when the last change is made. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && this.#changes < this.#changesMax) {
      await this.#change();
      this.#changes++;
      await sleep(this.#pauseMs);
    }
  }

  async #change(): Promise<void> {
    const way = this.#random.integer(1, 10);
    if (way <= 2) return this.#put(undefined);
    const key = this.#key();
    if (way <= 5) return this.#put(key);
    if (way <= 7) return this.#delete(key);
    // In and out of the filter, or another value of an attribute with a rule.
    if (way <= 9) return this.#update(key, 'country', this.#random.integer(0, 1) === 0 ? 'China' : 'Chile');
    return this.#update(key, 'email', `user-${this.#changes}@example.com`);
  }

  #key(): string {
    const hot = this.#random.integer(1, 3) === 1;
    return this.#keys[this.#random.integer(0, hot ? HOT_KEYS - 1 : this.#keys.length - 1)];
  }

  /** A whole item, in place of the one with this key or under a key of its own. */
  async #put(key: string | undefined): Promise<void> {
    const profile = this.#profiles.next().value as string;
    const own = (JSON.parse(profile) as { PK: { S: string } }).PK.S;
    if (key === undefined) this.#keys.push(own);
    const item = key === undefined ? profile : profile.replace(JSON.stringify(own), JSON.stringify(key));
    await writeWireItems(this.#site, this.#table, [item]);
  }

  async #delete(key: string): Promise<void> {
    await this.#site.dynamodb.send(new DeleteItemCommand({ TableName: this.#table, Key: { PK: { S: key } } }));
  }

  async #update(key: string, name: string, value: string): Promise<void> {
    await this.#site.dynamodb.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { PK: { S: key } },
        UpdateExpression: 'SET #name = :value',
        ExpressionAttributeNames: { '#name': name },
        ExpressionAttributeValues: { ':value': { S: value } },
      }),
    );
  }
}
