import {
  describeTable,
  hasPointInTimeRecovery,
  isOnDemand,
  keySchemaOf,
  tagsOf,
  ttlAttribute,
  type IndexDescription,
  type TableDescription,
} from '../../dynamodb/table.ts';
import type { DynamoDbClient } from '../../dynamodb/client.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { KeyAttribute } from '../../model/key.ts';
import type { Billing, IndexFacts, Known, TableFacts } from './catalog.ts';

/**
 * Reads the table's definition and settings. Throws TABLE_NOT_FOUND or ACCESS_DENIED where the table cannot be described at all; a setting that
 * cannot be read is 'unknown' and adds a finding.
 */
export async function readTableFacts(
  client: DynamoDbClient,
  table: string,
  findings: Finding[],
  signal?: AbortSignal,
): Promise<TableFacts> {
  const description = await describeTable(client, table, signal);
  const ask = <T>(setting: string, run: () => Promise<T>): Promise<Known<T>> => known(setting, run, findings);
  const ttl = await ask('TTL', async () => {
    const attribute = await ttlAttribute(client, table, signal);
    return attribute === undefined ? { enabled: false } : { enabled: true, attribute };
  });
  const pointInTimeRecovery = await ask('point-in-time recovery', () => hasPointInTimeRecovery(client, table, signal));
  const tags = await ask('tags', async () => {
    const list = await tagsOf(client, description, signal);
    return list.map((tag) => ({ key: tag.Key, value: tag.Value }));
  });
  return { ...definitionOf(description), ttl, pointInTimeRecovery, tags };
}

async function known<T>(setting: string, run: () => Promise<T>, findings: Finding[]): Promise<Known<T>> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    const denied = error.code === 'ACCESS_DENIED';
    if (!denied && error.serviceCode !== 'UnknownOperationException') throw error;
    findings.push({
      severity: 'unknown',
      code: 'SETTING_UNKNOWN',
      message: denied
        ? `The table's ${setting} could not be read: ${error.message}.`
        : `The table's ${setting} could not be read: this endpoint does not know the operation.`,
      fix: denied ? error.fix : 'None is needed with an emulator; AWS knows it.',
    });
    return 'unknown';
  }
}

function definitionOf(table: TableDescription): Omit<TableFacts, 'ttl' | 'pointInTimeRecovery' | 'tags'> {
  const stream = table.StreamSpecification;
  const encryption = table.SSEDescription;
  return {
    name: table.TableName,
    ...(table.TableArn === undefined ? {} : { arn: table.TableArn }),
    status: table.TableStatus,
    key: keySchemaOf(table),
    indexes: [
      ...(table.LocalSecondaryIndexes ?? []).map((index) => indexFacts(table, index, 'local')),
      ...(table.GlobalSecondaryIndexes ?? []).map((index) => indexFacts(table, index, 'global')),
    ],
    billing: billingOf(table),
    tableClass: table.TableClassSummary?.TableClass ?? 'STANDARD',
    stream: stream?.StreamEnabled === true ? { enabled: true, view: stream.StreamViewType } : { enabled: false },
    // DescribeTable has no SSEDescription where the key is AWS's own.
    encryption:
      encryption?.Status === 'ENABLED' || encryption?.Status === 'UPDATING'
        ? { key: 'kms', arn: encryption.KMSMasterKeyArn }
        : { key: 'aws-owned' },
    deletionProtection: table.DeletionProtectionEnabled ?? false,
    described: {
      items: table.ItemCount ?? 0,
      sizeBytes: table.TableSizeBytes ?? 0,
      updated: 'about every six hours',
    },
  };
}

function billingOf(table: TableDescription): Billing {
  if (!isOnDemand(table))
    return {
      mode: 'provisioned',
      readUnits: table.ProvisionedThroughput?.ReadCapacityUnits,
      writeUnits: table.ProvisionedThroughput?.WriteCapacityUnits,
    };
  const { MaxReadRequestUnits: read = -1, MaxWriteRequestUnits: write = -1 } = table.OnDemandThroughput ?? {};
  // -1 is how DynamoDB says that there is no limit.
  return { mode: 'on-demand', ...(read > 0 ? { readUnits: read } : {}), ...(write > 0 ? { writeUnits: write } : {}) };
}

const projections: Record<string, IndexFacts['projection']> = { ALL: 'all', KEYS_ONLY: 'keys', INCLUDE: 'some' };

function indexFacts(table: TableDescription, index: IndexDescription, kind: IndexFacts['kind']): IndexFacts {
  const attributes = (keyType: 'HASH' | 'RANGE'): KeyAttribute[] =>
    index.KeySchema.filter((element) => element.KeyType === keyType).map(({ AttributeName: name }) => ({
      name,
      type: table.AttributeDefinitions.find((one) => one.AttributeName === name)?.AttributeType ?? 'S',
    }));
  const projected = index.Projection.NonKeyAttributes;
  return {
    name: index.IndexName,
    kind,
    partition: attributes('HASH'),
    sort: attributes('RANGE'),
    projection: projections[index.Projection.ProjectionType ?? 'ALL'] ?? 'all',
    ...(projected === undefined ? {} : { projected }),
    described: { items: index.ItemCount ?? 0, sizeBytes: index.IndexSizeBytes ?? 0 },
  };
}
