import { DeleteItemCommand, PutItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Random } from '../world/random.ts';

const COUNTRIES = ['China', 'China', 'China', 'Germany', 'France'];

/** Puts, updates and deletes items of a table with the key `PK` (S), few and often the same ones, in and out of the filter `country = 'China'`. */
export class TableWriter {
  /** Writes that changed something: of each the stream has a record. */
  changes = 0;
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #random: Random;
  readonly #there = new Set<string>();

  constructor(client: DynamoDBClient, table: string, random: Random) {
    this.#client = client;
    this.#table = table;
    this.#random = random;
  }

  async write(times: number): Promise<void> {
    for (let n = 0; n < times; n++) await this.#writeOne();
  }

  async #writeOne(): Promise<void> {
    const random = this.#random;
    // Half of all writes go to three keys.
    const key = `k${random.next() < 0.5 ? random.integer(0, 2) : random.integer(3, 40)}`;
    const TableName = this.#table;
    const country = COUNTRIES[random.integer(0, COUNTRIES.length - 1)];
    const stamp = `${this.changes}.${random.integer(0, 1e9)}`;
    const kind = random.next();
    if (kind < 0.2) {
      await this.#client.send(new DeleteItemCommand({ TableName, Key: { PK: { S: key } } }));
      if (this.#there.delete(key)) this.changes++;
      return;
    }
    this.#there.add(key);
    this.changes++;
    if (kind < 0.6)
      await this.#client.send(
        new PutItemCommand({
          TableName,
          Item: {
            PK: { S: key },
            country: { S: country },
            stamp: { N: stamp },
            govid: { S: `id ${stamp}` },
            name: { S: `name "${stamp}"\n中文` },
            tags: { SS: [`t${random.integer(0, 9)}`, 'x'] },
            photo: { B: Buffer.from(stamp) },
            map: { M: { empty: { L: [] }, none: { NULL: true }, yes: { BOOL: true } } },
          },
        }),
      );
    else
      await this.#client.send(
        new UpdateItemCommand({
          TableName,
          Key: { PK: { S: key } },
          UpdateExpression: 'SET country = :c, stamp = :s, govid = :g',
          ExpressionAttributeValues: { ':c': { S: country }, ':s': { N: stamp }, ':g': { S: `id ${stamp}` } },
        }),
      );
  }
}
