import type { WorldSite } from './world-site.ts';

/** An item as DynamoDB's protocol has it: numbers as text, binary as base64, and every name, `__proto__` too, an own property. */
export type WireItem = Record<string, WireValue>;

/** One value of the protocol: an object with the type as its only member. */
export interface WireValue {
  S?: string;
  N?: string;
  B?: string;
  BOOL?: boolean;
  NULL?: boolean;
  SS?: string[];
  NS?: string[];
  BS?: string[];
  L?: WireValue[];
  M?: WireItem;
}

const BATCH_ITEMS_MAX = 25;
const BATCHES_AT_ONCE = 8;

/** Writes items, each given as the text of its DynamoDB JSON, so that no library between can change them. */
export async function writeWireItems(site: WorldSite, table: string, items: Iterable<string>): Promise<void> {
  const batches = batchesOf(items);
  const worker = async (): Promise<void> => {
    for (const batch of batches) {
      const requests = batch.map((item) => `{"PutRequest":{"Item":${item}}}`).join(',');
      const answer = await call(site, 'BatchWriteItem', `{"RequestItems":{${JSON.stringify(table)}:[${requests}]}}`);
      if (Object.keys((answer['UnprocessedItems'] as object | undefined) ?? {}).length > 0)
        throw new Error('DynamoDB Local left items unprocessed, which it never does');
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
}

function* batchesOf(items: Iterable<string>): Generator<string[]> {
  let batch: string[] = [];
  let batchBytes = 0;
  for (const item of items) {
    // 16 MB is the most that a request may have; items of 400 KB are some MB a batch.
    if (batch.length === BATCH_ITEMS_MAX || batchBytes + item.length > 8_000_000) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    batch.push(item);
    batchBytes += item.length;
  }
  if (batch.length > 0) yield batch;
}

/** Every item of the table, read segment by segment. */
export async function readWireItems(site: WorldSite, table: string): Promise<WireItem[]> {
  const items: WireItem[] = [];
  const TotalSegments = 16;
  const scan = async (Segment: number): Promise<void> => {
    let ExclusiveStartKey: unknown;
    do {
      const request = { TableName: table, ConsistentRead: true, Segment, TotalSegments, ExclusiveStartKey };
      const page = await call(site, 'Scan', JSON.stringify(request));
      items.push(...(page['Items'] as WireItem[]));
      ExclusiveStartKey = page['LastEvaluatedKey'];
    } while (ExclusiveStartKey !== undefined);
  };
  await Promise.all(Array.from({ length: TotalSegments }, (_, segment) => scan(segment)));
  return items;
}

/** One text for each item: names and set members sorted, all else as it is. */
export function wireJson(item: WireItem): string {
  return JSON.stringify(sortedMap(item));
}

function sortedMap(map: WireItem): [name: string, value: unknown][] {
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => [name, sortedValue(value)]);
}

function sortedValue(value: WireValue): unknown {
  const set = value.SS ?? value.NS ?? value.BS;
  if (set !== undefined) return [Object.keys(value), [...set].sort()];
  if (value.L !== undefined) return { L: value.L.map(sortedValue) };
  if (value.M !== undefined) return { M: sortedMap(value.M) };
  return value;
}

/** DynamoDB Local tells accounts apart by the access key and checks no signature. */
async function call(site: WorldSite, operation: string, body: string): Promise<Record<string, unknown>> {
  const scope = `${site.credentials.accessKeyId}/20240601/${site.region}/dynamodb/aws4_request`;
  const response = await fetch(site.endpoints.dynamodb, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
