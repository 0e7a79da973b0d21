import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { Random } from '../world/random.ts';
import type { WorldSite } from '../world/world-site.ts';

type Item = Record<string, AttributeValue>;

const KEYS = 24;

export interface TwoWayWriterOptions {
  site: WorldSite;
  table: string;
  seed: number;
  /** Whether it keeps a version and its region in what it writes; else it knows nothing of such things. */
  keepsVersions: boolean;
}

/**
 * An application at one of two sites: puts, changes and deletes a few items, to which the other site's writes as well, and puts back whole items that it has read a while ago. The same seed
 * makes the same choices.
 */
export class TwoWayWriter {
  readonly #options: TwoWayWriterOptions;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #read: Item[] = [];
  writes = 0;
  #done: Promise<void> = Promise.resolve();

  private constructor(options: TwoWayWriterOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  static start(options: TwoWayWriterOptions): TwoWayWriter {
    const writer = new TwoWayWriter(options);
    writer.#done = writer.#run();
    return writer;
  }

  /** Resolves when the last write is made. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#write();
      this.writes++;
      await sleep(this.#random.integer(5, 40));
    }
  }

  async #write(): Promise<void> {
    const { site, table: TableName } = this.#options;
    const Key = { PK: { S: `k${this.#random.integer(1, KEYS)}` } };
    const { Item: item } = await site.dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    const way = this.#random.integer(1, 10);
    if (item !== undefined && way > 6) this.#read.push(item);
    if (way <= 2) return void (await site.dynamodb.send(new DeleteItemCommand({ TableName, Key })));
    if (way <= 5) return this.#put({ ...Key, ...this.#content() });
    const back = this.#read[this.#random.integer(0, this.#read.length - 1)];
    if (way <= 7 && back !== undefined) return this.#put({ ...back, ...this.#content() });
    await site.dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: `SET ${Object.keys(this.#content())
          .map((_, i) => `#n${i} = :v${i}`)
          .join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(Object.keys(this.#content()).map((name, i) => [`#n${i}`, name])),
        ExpressionAttributeValues: Object.fromEntries(
          Object.values(this.#content()).map((value, i) => [`:v${i}`, value]),
        ),
      }),
    );
  }

  async #put(Item: Item): Promise<void> {
    const { site, table: TableName } = this.#options;
    await site.dynamodb.send(new PutItemCommand({ TableName, Item }));
  }

  #content(): Item {
    const { site, keepsVersions } = this.#options;
    const n = `${site.region} ${this.writes}`;
    const content: Item = { text: { S: n }, set: { SS: [n, 'x'] }, binary: { B: Buffer.from(n) } };
    if (!keepsVersions) return content;
    // No two writes of this site have the same.
    return { ...content, version: { N: `${Date.now()}.${this.writes + 1000}1` }, region: { S: site.region } };
  }
}
