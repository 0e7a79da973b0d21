import type { DynamoDbClient } from '../../dynamodb/client.ts';
import { readItemAnswer } from '../../dynamodb/item-answer.ts';
import type { Pacer } from '../../engine/pacer.ts';

/** Reads single items by their key. */
export interface ItemLookup {
  /** `key` as DynamoDB JSON; the item's JSON, or undefined where there is none. Strongly consistent. */
  find(key: Buffer, signal?: AbortSignal): Promise<Buffer | undefined>;
}

/** A consistent read costs a unit for every 4 KB, at least one; most items are small. */
const LOOKUP_UNITS = 1;

/** GetItem on one table, paced. */
export class TableLookup implements ItemLookup {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #pacer: Pacer;

  constructor(client: DynamoDbClient, table: string, pacer: Pacer) {
    this.#client = client;
    this.#table = table;
    this.#pacer = pacer;
  }

  async find(key: Buffer, signal?: AbortSignal): Promise<Buffer | undefined> {
    const head = JSON.stringify({
      TableName: this.#table,
      ConsistentRead: true,
      ReturnConsumedCapacity: 'TOTAL',
    }).slice(0, -1);
    await this.#pacer.acquire(LOOKUP_UNITS, signal);
    const body = Buffer.concat([Buffer.from(`${head},"Key":`), key, Buffer.from('}')]);
    const answer = readItemAnswer(await this.#client.call('GetItem', this.#table, body, signal));
    this.#pacer.settle(LOOKUP_UNITS, answer.consumedUnits);
    return answer.item;
  }
}
