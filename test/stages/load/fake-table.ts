import { DynamoDbClient } from '../../../src/dynamodb/client.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { siteAt } from '../../aws/site-at.ts';

type Item = Record<string, Record<string, unknown>>;

/** A table with key PK of type S, in memory, that refuses what it is told to refuse and leaves unprocessed what it is told to leave. */
export class FakeTable extends DynamoDbClient {
  readonly items = new Map<string, Item>();
  /** Keys in the order in which they were written. */
  readonly writes: string[] = [];
  readonly calls: { operation: string; keys: string[] }[] = [];
  /** Whether DynamoDB takes the item at all. */
  isValid: (item: Item) => boolean = () => true;
  /** Which of a batch are left unprocessed. */
  leaves: (keys: readonly string[], call: number) => readonly string[] = () => [];
  /** May throw or wait, before the effect. */
  before: (operation: string, keys: readonly string[]) => void | Promise<void> = () => undefined;
  after: (operation: string, keys: readonly string[]) => void | Promise<void> = () => undefined;

  constructor() {
    super(siteAt('http://127.0.0.1:0', { role: 'target' }));
  }

  override async call(operation: string, table: string, body: Buffer, signal?: AbortSignal): Promise<Buffer> {
    const input = JSON.parse(body.toString()) as { RequestItems?: Record<string, Request[]> } & Put & { Key?: Item };
    const requests = input.RequestItems?.[table] ?? [
      input.Key === undefined ? { PutRequest: { Item: input.Item } } : { DeleteRequest: { Key: input.Key } },
    ];
    const items = requests.map((request) =>
      'PutRequest' in request ? request.PutRequest.Item : request.DeleteRequest.Key,
    );
    const keys = items.map((item) => String(item['PK']?.['S']));
    this.calls.push({ operation, keys });
    await new Promise((resolve) => setImmediate(resolve));
    await this.before(operation, keys);
    signal?.throwIfAborted();
    if (new Set(keys).size < keys.length) throw refused('Provided list of item keys contains duplicates');
    if (items.length > 25) throw refused('Too many items requested for the BatchWriteItem call');
    const bad = items.find((item) => item['PK'] === undefined || !this.isValid(item));
    if (bad !== undefined) throw refused(`One of the values is not valid: ${JSON.stringify(bad)}`);
    const answer =
      operation === 'PutItem'
        ? this.#put(input, keys[0])
        : operation === 'DeleteItem'
          ? this.#delete(keys[0])
          : this.#writeBatch(requests, keys, table);
    await this.after(operation, keys);
    return Buffer.from(JSON.stringify(answer));
  }

  #put(input: Put, key: string): object {
    const old = this.items.get(key);
    const version = input.ExpressionAttributeNames?.['#version'];
    const wanted = input.ExpressionAttributeValues?.[':version'];
    const isOlder =
      version !== undefined && (old?.[version] === undefined || Number(old[version]['N']) < Number(wanted?.['N']));
    if (input.ConditionExpression !== undefined && old !== undefined && !isOlder)
      throw new DynaferryError('REQUEST_REFUSED', 'x', { serviceCode: 'ConditionalCheckFailedException' });
    this.#store(key, input.Item);
    return { ConsumedCapacity: { CapacityUnits: 1 } };
  }

  #delete(key: string): object {
    this.items.delete(key);
    this.writes.push(key);
    return { ConsumedCapacity: { CapacityUnits: 1 } };
  }

  #writeBatch(requests: Request[], keys: string[], table: string): object {
    const left = new Set(this.leaves(keys, this.calls.length));
    requests.forEach((request, i) => {
      if (left.has(keys[i])) return;
      if ('PutRequest' in request) this.#store(keys[i], request.PutRequest.Item);
      else this.#delete(keys[i]);
    });
    const unprocessed = requests.filter((_, i) => left.has(keys[i]));
    return {
      UnprocessedItems: unprocessed.length === 0 ? {} : { [table]: unprocessed },
      ConsumedCapacity: [{ CapacityUnits: requests.length - unprocessed.length }],
    };
  }

  #store(key: string, item: Item): void {
    this.items.set(key, item);
    this.writes.push(key);
  }
}

type Request = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Item } };

interface Put {
  Item: Item;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, Record<string, unknown>>;
}

function refused(message: string): DynaferryError {
  return new DynaferryError('REQUEST_REFUSED', 'refused', {
    serviceCode: 'ValidationException',
    serviceMessage: message,
  });
}
