import type { DynamoDbClient } from '../dynamodb/client.ts';
import { readItemAnswer } from '../dynamodb/item-answer.ts';
import { DynaferryError } from '../model/errors.ts';
import { ConditionExpression, type StampPlace } from './condition-expression.ts';
import type { Condition, JsonRange, StampedTable } from './stamped-table.ts';

/** What spends a table's units: reserved before a request, settled behind it. */
export interface Pacing {
  acquire(units: number, signal?: AbortSignal): Promise<void>;
  settle(reserved: number, spent: number): void;
}

/** A DynamoDB table whose items have stamps. */
export class DynamoDbStampedTable implements StampedTable {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #keyName: string;
  readonly #place: StampPlace;
  readonly #pacing: Pacing | undefined;

  /** `keyName` is the partition key's; nothing is paced without `pacing`. */
  constructor(client: DynamoDbClient, table: string, keyName: string, place: StampPlace, pacing?: Pacing) {
    this.#client = client;
    this.#table = table;
    this.#keyName = keyName;
    this.#place = place;
    this.#pacing = pacing;
  }

  put(item: JsonRange, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean> {
    const expression = this.#expression();
    const condition = expression.anyOf(conditions);
    const units = Math.ceil((item.end - item.start) / 1024);
    const request = { ConditionExpression: condition, ...expression.attributes };
    return this.#write('PutItem', 'Item', item, request, units, signal);
  }

  delete(key: JsonRange, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean> {
    const expression = this.#expression();
    const condition = expression.anyOf(conditions);
    const request = { ConditionExpression: condition, ...expression.attributes };
    return this.#write('DeleteItem', 'Key', key, request, 1, signal);
  }

  mark(key: JsonRange, mark: Buffer, conditions: readonly Condition[], signal: AbortSignal): Promise<boolean> {
    const expression = this.#expression();
    const request = {
      UpdateExpression: expression.set(mark),
      ConditionExpression: expression.anyOf(conditions, { exists: true }),
    };
    return this.#write('UpdateItem', 'Key', key, { ...request, ...expression.attributes }, 1, signal);
  }

  async read(key: JsonRange, signal: AbortSignal): Promise<Buffer | undefined> {
    const body = this.#body({ ConsistentRead: true }, 'Key', key);
    return readItemAnswer(await this.#client.call('GetItem', this.#table, body, signal)).item;
  }

  #expression(): ConditionExpression {
    return new ConditionExpression(this.#place, this.#keyName);
  }

  async #write(
    operation: 'PutItem' | 'DeleteItem' | 'UpdateItem',
    name: 'Item' | 'Key',
    range: JsonRange,
    request: object,
    units: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    await this.#pacing?.acquire(units, signal);
    const body = this.#body({ ReturnConsumedCapacity: 'TOTAL', ...request }, name, range);
    try {
      const answer = await this.#client.call(operation, this.#table, body, signal);
      this.#pacing?.settle(units, readItemAnswer(answer).consumedUnits);
      return true;
    } catch (error) {
      if (!(error instanceof DynaferryError && error.serviceCode === 'ConditionalCheckFailedException')) throw error;
      // It costs as much as the write would have.
      this.#pacing?.settle(units, units);
      return false;
    }
  }

  #body(request: object, name: 'Item' | 'Key', { bytes, start, end }: JsonRange): Buffer {
    const head = JSON.stringify({ TableName: this.#table, ...request }).slice(0, -1);
    return Buffer.concat([Buffer.from(`${head},"${name}":`), bytes.subarray(start, end), Buffer.from('}')]);
  }
}
