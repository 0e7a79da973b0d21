import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, type Random, type RetryPolicy } from '../aws/retry.ts';
import { ItemView, NameTable } from '../model/item.ts';
import { keyAttributes, KeyReader, type KeySchema } from '../model/key.ts';
import { DynaferryError } from '../model/errors.ts';
import { OPEN_BRACE, forEachElement, forEachMember, decodeString } from '../model/json-bytes.ts';
import { BatchBodies } from './batch-body.ts';
import type { DynamoDbClient } from './client.ts';

/** BatchWriteItem takes at most so many requests… */
export const BATCH_ITEMS_MAX = 25;
/** …and at most 16 MB in all; some room is left for what stands around the items. */
export const BATCH_BYTES_MAX = 15 * 1024 * 1024;

/** One item to write: its DynamoDB JSON as a range. */
export interface PutItem {
  bytes: Buffer;
  start: number;
  end: number;
}

/** An item to put, or with `deletes` the key of one to delete. A delete of what is not there is done, too. */
export interface ItemWrite extends PutItem {
  deletes?: boolean;
}

/** An item that DynamoDB refuses for good. `reason` may quote values of the item: it goes into the dead letter and nowhere else. */
export interface RefusedItem {
  item: ItemWrite;
  code: string;
  reason: string;
}

/** What DynamoDB answers when it is the item that does not suit it. Anything else says nothing about the item, which stays to be written. */
const itemFaults = new Set([
  'ValidationException',
  'SerializationException',
  'ItemCollectionSizeLimitExceededException',
]);

/** When an item that exists already is left as it is. */
export type PutCondition = { kind: 'if-absent' } | { kind: 'if-newer'; by: string };

export interface PutOutcome {
  written: number;
  skipped: number;
  refused: RefusedItem[];
  consumedUnits: number;
}

/** Waits between attempts at items that DynamoDB left unprocessed; there is no limit on their number, since DynamoDB asks for patience. */
const UNPROCESSED_RETRY: RetryPolicy = { attemptsMax: Infinity, delayMsBase: 50, delayMsMax: 5000 };

/** Writes items into one table and deletes them, in batches or, under a condition, puts them one by one. No two writes of one call may have the same key. */
export class ItemPutter {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #key: KeySchema;
  readonly #bodies: BatchBodies;
  readonly #random: Random;
  readonly #onUnprocessed: (items: number) => void;

  constructor(
    client: DynamoDbClient,
    table: string,
    key: KeySchema,
    options: { random?: Random; onUnprocessed?: (items: number) => void } = {},
  ) {
    this.#client = client;
    this.#table = table;
    this.#key = key;
    this.#bodies = new BatchBodies(table);
    this.#random = options.random ?? Math.random;
    this.#onUnprocessed = options.onUnprocessed ?? (() => undefined);
  }

  /** Writes a batch, replacing items that exist. What DynamoDB leaves unprocessed is sent again; items that it refuses are found out and reported. */
  async putBatch(items: readonly ItemWrite[], signal: AbortSignal): Promise<PutOutcome> {
    const outcome: PutOutcome = { written: 0, skipped: 0, refused: [], consumedUnits: 0 };
    let left = items;
    for (let attempt = 1; left.length > 0; attempt++) {
      let answer: Buffer;
      try {
        const body = this.#bodies.make(left);
        answer = await this.#client.call('BatchWriteItem', this.#table, body, signal);
        this.#bodies.give(body);
      } catch (error) {
        if (!isItemFault(error)) throw error;
        // One item that is not valid makes DynamoDB refuse the whole batch.
        await this.#writeSingly(left, undefined, signal, outcome);
        return outcome;
      }
      const { unprocessed, units } = this.#readAnswer(answer, left);
      outcome.consumedUnits += units;
      outcome.written += left.length - unprocessed.length;
      left = unprocessed;
      if (left.length === 0) break;
      this.#onUnprocessed(left.length);
      await sleep(backoffMs(attempt, UNPROCESSED_RETRY, this.#random), undefined, { signal });
    }
    return outcome;
  }

  /** Writes items one by one under a condition; those that fail it are counted as skipped. */
  async putConditionally(items: readonly PutItem[], condition: PutCondition, signal: AbortSignal): Promise<PutOutcome> {
    const outcome: PutOutcome = { written: 0, skipped: 0, refused: [], consumedUnits: 0 };
    await this.#writeSingly(items, condition, signal, outcome);
    return outcome;
  }

  async #writeSingly(
    items: readonly ItemWrite[],
    condition: PutCondition | undefined,
    signal: AbortSignal,
    outcome: PutOutcome,
  ): Promise<void> {
    const settled = await Promise.allSettled(
      items.map(async (item) => {
        try {
          const operation = item.deletes === true ? 'DeleteItem' : 'PutItem';
          const answer = await this.#client.call(operation, this.#table, this.#single(item, condition), signal);
          outcome.consumedUnits += unitsOf(
            (JSON.parse(answer.toString('utf8')) as { ConsumedCapacity?: Capacity }).ConsumedCapacity,
          );
          outcome.written++;
        } catch (error) {
          if (error instanceof DynaferryError && error.serviceCode === 'ConditionalCheckFailedException') {
            outcome.skipped++;
            // A failed condition costs as much as the write: the larger of the old and the new item (developer guide, "Read and write operations").
            outcome.consumedUnits += Math.ceil((item.end - item.start) / 1024);
          } else if (isItemFault(error))
            outcome.refused.push({ item, code: error.serviceCode ?? '', reason: error.serviceMessage ?? '' });
          else throw error;
        }
      }),
    );
    // Those under way have ended, so that nothing is written behind the caller's back.
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
  }

  #single(item: ItemWrite, condition: PutCondition | undefined): Buffer {
    const parts: Record<string, unknown> = {
      TableName: this.#table,
      ReturnConsumedCapacity: 'TOTAL',
      ...this.#condition(item, condition),
    };
    const head = JSON.stringify(parts).slice(0, -1);
    const name = item.deletes === true ? 'Key' : 'Item';
    return Buffer.concat([
      Buffer.from(`${head},"${name}":`),
      item.bytes.subarray(item.start, item.end),
      Buffer.from('}'),
    ]);
  }

  #condition(item: ItemWrite, condition: PutCondition | undefined): object {
    if (condition === undefined) return {};
    const names: Record<string, string> = { '#key': this.#key.partition.name };
    if (condition.kind === 'if-absent')
      return { ConditionExpression: 'attribute_not_exists(#key)', ExpressionAttributeNames: names };
    const view = new ItemView(new NameTable([condition.by]));
    view.read(item.bytes, item.start);
    const index = view.indexOf(0);
    // An item without a version is older than any that has one.
    if (index < 0) return { ConditionExpression: 'attribute_not_exists(#key)', ExpressionAttributeNames: names };
    const version: unknown = JSON.parse(item.bytes.toString('utf8', view.valueStart[index], view.valueEnd[index]));
    return {
      ConditionExpression: 'attribute_not_exists(#key) OR attribute_not_exists(#version) OR #version < :version',
      ExpressionAttributeNames: { ...names, '#version': condition.by },
      ExpressionAttributeValues: { ':version': version },
    };
  }

  /** What the answer leaves to do, by the items that were sent: DynamoDB returns unprocessed items as it parsed them. */
  #readAnswer(answer: Buffer, sent: readonly ItemWrite[]): { unprocessed: readonly ItemWrite[]; units: number } {
    if (answer.length <= SHORT_ANSWER_BYTES && answer.includes(NOTHING_LEFT)) {
      const { ConsumedCapacity = [] } = JSON.parse(answer.toString('latin1')) as { ConsumedCapacity?: Capacity[] };
      return { unprocessed: [], units: ConsumedCapacity.reduce((sum, capacity) => sum + unitsOf(capacity), 0) };
    }
    let units = 0;
    let unprocessed: readonly ItemWrite[] = [];
    forEachMember(answer, 0, (nameStart, nameEnd, start, end) => {
      const name = decodeString(answer, nameStart, nameEnd);
      if (name === 'ConsumedCapacity') {
        const capacities = JSON.parse(answer.toString('utf8', start, end)) as Capacity[];
        for (const capacity of capacities) units += unitsOf(capacity);
      } else if (name === 'UnprocessedItems' && end - start > 2)
        unprocessed = this.#readUnprocessed(answer, start, sent);
    });
    return { unprocessed, units };
  }

  #readUnprocessed(answer: Buffer, at: number, sent: readonly ItemWrite[]): ItemWrite[] {
    const view = new ItemView(new NameTable(keyAttributes(this.#key).map((attribute) => attribute.name)));
    const keys = new KeyReader(this.#key, (name) => view.names.idOf(name));
    const wanted = new Set<string>();
    forEachMember(answer, at, (_tableStart, _tableEnd, requestsStart) => {
      forEachElement(answer, requestsStart, (requestStart) => {
        // {"PutRequest":{"Item":{…}}} or {"DeleteRequest":{"Key":{…}}}
        forEachMember(answer, requestStart, (_s, _e, bodyStart) => {
          forEachMember(answer, bodyStart, (_s2, _e2, itemStart) => {
            if (answer[itemStart] !== OPEN_BRACE) return;
            view.read(answer, itemStart);
            const identity = keys.identity(view);
            if (identity !== undefined) wanted.add(identity);
          });
        });
      });
    });
    const found = sent.filter(({ bytes, start }) => {
      view.read(bytes, start);
      const identity = keys.identity(view);
      return identity !== undefined && wanted.has(identity);
    });
    if (found.length !== wanted.size)
      throw new DynaferryError(
        'INTERNAL',
        `BatchWriteItem on ${this.#table} returned unprocessed items that were not sent`,
      );
    return found;
  }
}

/** Whether it is the item that DynamoDB refuses. */
export function isItemFault(error: unknown): error is DynaferryError {
  return error instanceof DynaferryError && error.code === 'REQUEST_REFUSED' && itemFaults.has(error.serviceCode ?? '');
}

/** How the answer to most batches says that all is written: in no other place of any answer can these bytes stand, since an attribute's value is never empty. */
const NOTHING_LEFT = Buffer.from('"UnprocessedItems":{}');
/** Such an answer is that and the table's capacity. */
const SHORT_ANSWER_BYTES = 1024;

interface Capacity {
  CapacityUnits?: number;
}

function unitsOf(capacity: Capacity | undefined): number {
  return capacity?.CapacityUnits ?? 0;
}
