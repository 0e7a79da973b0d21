import { createHash } from 'node:crypto';
import type { DynamoDbClient } from '../dynamodb/client.ts';
import { createTable } from '../dynamodb/create-table.ts';
import { enableTtl, findTable, ttlAttribute } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import { stampOf, stampValues, type Stamp } from '../model/stamp.ts';
import type { Tombstone, Tombstones } from './tombstones.ts';

type Value = Record<string, string>;

/** The attributes of a tombstone; `removed` is in milliseconds, `expires` in seconds since 1970, as TTL wants it. */
interface TombstoneItem {
  v: Value;
  o: Value;
  removed?: { N: string };
  expires: { N: string };
}

const EXPIRES = 'expires';

/** The table beside a table that remembers what was deleted from it. */
export function tombstoneTableOf(table: string): string {
  return `${table}-dynaferry-deletes`;
}

/** Tombstones in a DynamoDB table of their own. Keys lie in it as hashes only. */
export class DynamoDbTombstones implements Tombstones {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #keptMs: number;

  /** Of the items of `table`; each is kept for so long. */
  constructor(client: DynamoDbClient, table: string, keptMs: number) {
    this.#client = client;
    this.#table = tombstoneTableOf(table);
    this.#keptMs = keptMs;
  }

  /** Makes the table where it is missing, and switches its TTL on. */
  async prepare(signal: AbortSignal): Promise<void> {
    const definition = {
      TableName: this.#table,
      BillingMode: 'PAY_PER_REQUEST' as const,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'B' as const }],
    };
    const found = await findTable(this.#client, this.#table, signal);
    if (found?.TableStatus !== 'ACTIVE') await createTable(this.#client, definition, signal);
    if ((await ttlAttribute(this.#client, this.#table, signal)) === undefined)
      await enableTtl(this.#client, this.#table, EXPIRES, signal);
  }

  async find(identity: string, signal: AbortSignal): Promise<Tombstone | undefined> {
    const input = { TableName: this.#table, Key: keyOf(identity), ConsistentRead: true };
    const { Item: item } = await this.#client.callJson<{ Item?: TombstoneItem }>('GetItem', this.#table, input, signal);
    const stamp = stampOf(item?.v, item?.o);
    // TTL may be days late.
    if (item === undefined || stamp === undefined || Number(item.expires.N) <= nowSeconds()) return undefined;
    return { stamp, removedMs: item.removed === undefined ? undefined : Number(item.removed.N) };
  }

  raise(identity: string, stamp: Stamp, { removes }: { removes: boolean }, signal: AbortSignal): Promise<boolean> {
    const { v, o } = stampValues(stamp);
    const isNumber = stamp.type === 'N';
    return this.#update(
      identity,
      `SET v = :v, o = :o, expires = :expires${removes ? ', removed = :removed' : ''}`,
      `attribute_not_exists(id) OR expires <= :now OR v < :v OR (v = :v AND o <= :o)${isNumber ? '' : ' OR attribute_type(v, :number)'}`,
      {
        ':v': v,
        ':o': o,
        ':expires': { N: String(nowSeconds() + Math.ceil(this.#keptMs / 1000)) },
        ':now': { N: String(nowSeconds()) },
        ...(removes && { ':removed': { N: String(Date.now()) } }),
        ...(!isNumber && { ':number': { S: 'N' } }),
      },
      signal,
    );
  }

  async touch(identity: string, signal: AbortSignal): Promise<void> {
    const removed = { ':removed': { N: String(Date.now()) } };
    await this.#update(identity, 'SET removed = :removed', 'attribute_exists(id)', removed, signal);
  }

  async #update(
    identity: string,
    UpdateExpression: string,
    ConditionExpression: string,
    ExpressionAttributeValues: Record<string, Value>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const Key = keyOf(identity);
    const input = { TableName: this.#table, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues };
    try {
      await this.#client.callJson('UpdateItem', this.#table, input, signal);
      return true;
    } catch (error) {
      if (!(error instanceof DynaferryError && error.serviceCode === 'ConditionalCheckFailedException')) throw error;
      return false;
    }
  }
}

function keyOf(identity: string): object {
  return { id: { B: createHash('sha256').update(identity).digest('base64') } };
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
