import { BatchWriteItemCommand, DescribeTableCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient, WriteRequest } from '@aws-sdk/client-dynamodb';
import { itemJson } from './item-json.ts';

/** An item as the low-level SDK has it: numbers as strings, binary as bytes. */
export type Item = Record<string, AttributeValue>;

const BATCH_ITEMS_MAX = 25;
const BATCHES_AT_ONCE = 8;

/** Writes the items, 25 at a time and eight batches at once. */
export async function writeItems(client: DynamoDBClient, table: string, items: Iterable<Item>): Promise<void> {
  const batches = batchesOf(items);
  const worker = async (): Promise<void> => {
    for (const batch of batches) await writeBatch(client, table, batch);
  };
  // One generator feeds all workers: each takes the next batch when it is done with its last.
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
}

function* batchesOf(items: Iterable<Item>): Generator<WriteRequest[]> {
  let batch: WriteRequest[] = [];
  for (const item of items) {
    batch.push({ PutRequest: { Item: item } });
    if (batch.length < BATCH_ITEMS_MAX) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function writeBatch(client: DynamoDBClient, table: string, batch: WriteRequest[]): Promise<void> {
  let left: WriteRequest[] | undefined = batch;
  while (left !== undefined && left.length > 0) {
    const answer: { UnprocessedItems?: Record<string, WriteRequest[]> } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: left } }),
    );
    left = answer.UnprocessedItems?.[table];
  }
}

const SCAN_SEGMENTS = 16;

/** Calls `each` for every item of the table, in no order. */
export async function scanItems(client: DynamoDBClient, table: string, each: (item: Item) => void): Promise<void> {
  const scan = async (Segment: number): Promise<void> => {
    const input = { TableName: table, Segment, TotalSegments: SCAN_SEGMENTS, ConsistentRead: true };
    for await (const page of paginateScan({ client }, input)) for (const item of page.Items ?? []) each(item);
  };
  await Promise.all(Array.from({ length: SCAN_SEGMENTS }, (_, segment) => scan(segment)));
}

/** Every item of the table by its key, both in the form of `itemJson`. */
export async function readAllItems(client: DynamoDBClient, table: string): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  const keyNames = await readKeyNames(client, table);
  await scanItems(client, table, (item) => all.set(keyJson(item, keyNames), itemJson(item)));
  return all;
}

/** Names of the table's key attributes, partition key first. */
export async function readKeyNames(client: DynamoDBClient, table: string): Promise<string[]> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return (Table?.KeySchema ?? []).map((key) => key.AttributeName ?? '');
}

/** The key of an item in the form of `itemJson`. */
export function keyJson(item: Item, keyNames: readonly string[]): string {
  return itemJson(Object.fromEntries(keyNames.map((name) => [name, item[name]])));
}
