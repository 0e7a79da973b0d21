import { setTimeout as sleep } from 'node:timers/promises';
import { DynaferryError } from '../model/errors.ts';
import type { KeySchema, KeyType } from '../model/key.ts';
import type { DynamoDbClient } from './client.ts';

/** One attribute of a key as the service writes it. */
export interface KeyElement {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}

/** Provisioned units per second. */
export interface Throughput {
  ReadCapacityUnits?: number;
  WriteCapacityUnits?: number;
}

/** What an index holds besides keys. */
export interface Projection {
  ProjectionType?: string;
  NonKeyAttributes?: string[];
}

/** Limits on an on-demand table or index, in units per second; -1 for none. */
export interface OnDemandLimits {
  MaxReadRequestUnits?: number;
  MaxWriteRequestUnits?: number;
}

/** A secondary index as DescribeTable gives it. */
export interface IndexDescription {
  IndexName: string;
  KeySchema: KeyElement[];
  Projection: Projection;
  IndexSizeBytes?: number;
  ItemCount?: number;
  IndexStatus?: string;
  ProvisionedThroughput?: Throughput;
  OnDemandThroughput?: OnDemandLimits;
}

/** What DescribeTable gives, as far as a migration uses it (API_TableDescription). Counts and sizes are some six hours old. */
export interface TableDescription {
  TableName: string;
  TableArn?: string;
  TableStatus: string;
  KeySchema: KeyElement[];
  AttributeDefinitions: { AttributeName: string; AttributeType: KeyType }[];
  ItemCount?: number;
  TableSizeBytes?: number;
  BillingModeSummary?: { BillingMode?: string };
  ProvisionedThroughput?: Throughput;
  OnDemandThroughput?: OnDemandLimits;
  WarmThroughput?: { ReadUnitsPerSecond?: number; WriteUnitsPerSecond?: number };
  LocalSecondaryIndexes?: IndexDescription[];
  GlobalSecondaryIndexes?: IndexDescription[];
  StreamSpecification?: { StreamEnabled?: boolean; StreamViewType?: string };
  /** Of the stream that is on, or of the one that was on last. */
  LatestStreamArn?: string;
  SSEDescription?: { Status?: string; SSEType?: string; KMSMasterKeyArn?: string };
  TableClassSummary?: { TableClass?: string };
  DeletionProtectionEnabled?: boolean;
}

/** Throws TABLE_NOT_FOUND where there is none. */
export async function describeTable(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<TableDescription> {
  const answer = await client.callJson<{ Table: TableDescription }>(
    'DescribeTable',
    table,
    { TableName: table },
    signal,
  );
  return answer.Table;
}

/** The table, or undefined where there is none. */
export async function findTable(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<TableDescription | undefined> {
  try {
    return await describeTable(client, table, signal);
  } catch (error) {
    if (error instanceof DynaferryError && error.code === 'TABLE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The primary key with its types. */
export function keySchemaOf(
  table: Pick<TableDescription, 'TableName' | 'KeySchema' | 'AttributeDefinitions'>,
): KeySchema {
  const attribute = (keyType: 'HASH' | 'RANGE'): { name: string; type: KeyType } | undefined => {
    const name = table.KeySchema.find((element) => element.KeyType === keyType)?.AttributeName;
    const type = table.AttributeDefinitions.find((definition) => definition.AttributeName === name)?.AttributeType;
    return name === undefined || type === undefined ? undefined : { name, type };
  };
  const partition = attribute('HASH');
  const sort = attribute('RANGE');
  if (partition === undefined)
    throw new DynaferryError('INTERNAL', `table ${table.TableName} is described without a partition key`);
  return sort === undefined ? { partition } : { partition, sort };
}

/** Whether the table is billed by request. */
export function isOnDemand(table: Pick<TableDescription, 'BillingModeSummary'>): boolean {
  return table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
}

/** What a new on-demand table serves at once, in units per second (developer guide, "On-demand capacity mode", initial throughput). */
const ON_DEMAND_INITIAL = { read: 12_000, write: 4_000 };

/** Units per second that the table can serve now: what a share of its capacity is a share of. */
export function capacityOf(table: TableDescription): { read: number; write: number } {
  if (!isOnDemand(table))
    return {
      read: table.ProvisionedThroughput?.ReadCapacityUnits ?? 0,
      write: table.ProvisionedThroughput?.WriteCapacityUnits ?? 0,
    };
  const limit = (max: number | undefined, warm: number | undefined, initial: number): number => {
    const now = warm ?? initial;
    return max !== undefined && max > 0 ? Math.min(max, now) : now;
  };
  return {
    read: limit(
      table.OnDemandThroughput?.MaxReadRequestUnits,
      table.WarmThroughput?.ReadUnitsPerSecond,
      ON_DEMAND_INITIAL.read,
    ),
    write: limit(
      table.OnDemandThroughput?.MaxWriteRequestUnits,
      table.WarmThroughput?.WriteUnitsPerSecond,
      ON_DEMAND_INITIAL.write,
    ),
  };
}

/** How long a table may take to become ACTIVE; creating one with indexes takes minutes at the most. */
const ACTIVE_WAIT_MS_MAX = 10 * 60_000;

/** Waits until the table and all its indexes are ACTIVE. */
export async function waitUntilActive(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<TableDescription> {
  for (let waitedMs = 0, waitMs = 200; ; waitedMs += waitMs, waitMs = Math.min(waitMs * 1.5, 5000)) {
    const now = await findTable(client, table, signal);
    const indexes = now?.GlobalSecondaryIndexes ?? [];
    if (now?.TableStatus === 'ACTIVE' && indexes.every((index) => (index.IndexStatus ?? 'ACTIVE') === 'ACTIVE'))
      return now;
    if (waitedMs > ACTIVE_WAIT_MS_MAX)
      throw new DynaferryError(
        'WAIT_TOO_LONG',
        `table ${table} is ${now?.TableStatus ?? 'missing'} after ${Math.round(waitedMs / 1000)} s`,
      );
    await sleep(waitMs, undefined, { signal });
  }
}

/** TTL's attribute where TTL is on or being switched on; undefined where it is off. */
export async function ttlAttribute(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const answer = await client.callJson<{
    TimeToLiveDescription?: { TimeToLiveStatus?: string; AttributeName?: string };
  }>('DescribeTimeToLive', table, { TableName: table }, signal);
  const ttl = answer.TimeToLiveDescription;
  return ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING' ? ttl.AttributeName : undefined;
}

/** Switches TTL on. Where the answer was lost, the next attempt is refused because TTL is on: that is no failure. */
export async function enableTtl(
  client: DynamoDbClient,
  table: string,
  attribute: string,
  signal?: AbortSignal,
): Promise<void> {
  const input = { TableName: table, TimeToLiveSpecification: { Enabled: true, AttributeName: attribute } };
  try {
    await client.callJson('UpdateTimeToLive', table, input, signal);
  } catch (error) {
    if (!(error instanceof DynaferryError && error.code === 'REQUEST_REFUSED')) throw error;
    if ((await ttlAttribute(client, table, signal)) !== attribute) throw error;
  }
}

export interface Tag {
  Key: string;
  Value: string;
}

/** The table's tags, all pages. */
export async function tagsOf(client: DynamoDbClient, table: TableDescription, signal?: AbortSignal): Promise<Tag[]> {
  const tags: Tag[] = [];
  let token: string | undefined;
  do {
    const input = { ResourceArn: table.TableArn, ...(token === undefined ? {} : { NextToken: token }) };
    const answer = await client.callJson<{ Tags?: Tag[]; NextToken?: string }>(
      'ListTagsOfResource',
      table.TableName,
      input,
      signal,
    );
    tags.push(...(answer.Tags ?? []));
    token = answer.NextToken;
  } while (token !== undefined);
  return tags;
}

/** Whether point-in-time recovery is on. */
export async function hasPointInTimeRecovery(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const answer = await client.callJson<{
    ContinuousBackupsDescription?: { PointInTimeRecoveryDescription?: { PointInTimeRecoveryStatus?: string } };
  }>('DescribeContinuousBackups', table, { TableName: table }, signal);
  return answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
}
