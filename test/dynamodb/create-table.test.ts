import { describe, expect, test } from 'vitest';
import type { DynamoDbClient } from '../../src/dynamodb/client.ts';
import { createTable } from '../../src/dynamodb/create-table.ts';
import { definitionLike, type TargetTable } from '../../src/dynamodb/table-definition.ts';
import { describeTable, type TableDescription } from '../../src/dynamodb/table.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { useWorld } from '../world/use-world.ts';
import { clientOf } from './client-of.ts';
import { fullTable } from './full-table.ts';
import { ScriptedClient } from './scripted-client.ts';

const { source, target } = await useWorld('dynamodb');
const targetClient = clientOf(target);

const sourceTable = await describeTable(
  clientOf(source),
  await source.createTable({
    AttributeDefinitions: [
      { AttributeName: 'PK', AttributeType: 'S' },
      { AttributeName: 'SK', AttributeType: 'N' },
      { AttributeName: 'country', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'PK', KeyType: 'HASH' },
      { AttributeName: 'SK', KeyType: 'RANGE' },
    ],
    BillingMode: 'PROVISIONED',
    ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 3 },
    LocalSecondaryIndexes: [
      {
        IndexName: 'local',
        KeySchema: [
          { AttributeName: 'PK', KeyType: 'HASH' },
          { AttributeName: 'country', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-country',
        KeySchema: [{ AttributeName: 'country', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['email'] },
        ProvisionedThroughput: { ReadCapacityUnits: 2, WriteCapacityUnits: 1 },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  }),
);

function createTableLike(
  client: DynamoDbClient,
  like: TableDescription,
  wanted: TargetTable,
): ReturnType<typeof createTable> {
  return createTable(client, definitionLike(like, wanted).definition);
}

describe('creating the target table', () => {
  test('makes an ACTIVE table with the key, indexes, capacity and stream of the source', async () => {
    const name = target.newTableName();
    const { table, findings } = await createTableLike(targetClient, sourceTable, { table: name });
    const shape = ({
      LocalSecondaryIndexes: local = [],
      GlobalSecondaryIndexes: global = [],
      ...rest
    }: typeof table) => ({
      key: rest.KeySchema,
      capacity: [rest.ProvisionedThroughput?.ReadCapacityUnits, rest.ProvisionedThroughput?.WriteCapacityUnits],
      stream: rest.StreamSpecification,
      indexes: [...local, ...global].map((index) => [
        index.IndexName,
        index.KeySchema,
        index.Projection,
        index.ProvisionedThroughput?.ReadCapacityUnits,
      ]),
    });
    expect(shape(table)).toEqual(shape(sourceTable));
    expect(table).toMatchObject({ TableName: name, TableStatus: 'ACTIVE' });
    expect(findings).toEqual([]);
  });

  test('gives it the names and types that the policy leaves', async () => {
    const { table } = await createTableLike(targetClient, sourceTable, {
      table: target.newTableName(),
      attribute: (attribute) => (attribute === 'SK' ? { name: 'sort', type: 'S' } : { name: attribute }),
    });
    expect(table.KeySchema).toContainEqual({ AttributeName: 'sort', KeyType: 'RANGE' });
    expect(table.AttributeDefinitions).toContainEqual({ AttributeName: 'sort', AttributeType: 'S' });
  });

  test('may be asked for twice, and by two at once', async () => {
    const name = target.newTableName();
    const create = (): ReturnType<typeof createTableLike> =>
      createTableLike(targetClient, sourceTable, { table: name });
    const both = await Promise.all([create(), create()]);
    for (const { findings } of [...both, await create()]) expect(findings).toEqual([]);
  });

  test('refuses a table of another key that is there', async () => {
    const name = await target.createTable();
    await expect(createTableLike(targetClient, sourceTable, { table: name })).rejects.toMatchObject({
      code: 'KEY_SCHEMA_MISMATCH',
    });
  });

  test('reports what an endpoint silently ignores', async () => {
    const { findings } = await createTableLike(
      targetClient,
      { ...sourceTable, TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' } },
      { table: target.newTableName(), tags: [{ Key: 'team', Value: 'users' }] },
    );
    // DynamoDB Local has no table classes and no tags.
    expect(findings.map((finding) => finding.code)).toEqual(['TABLE_CLASS_DIFFERENT', 'TAGS_UNKNOWN']);
  });

  test('reports tags that are missing', async () => {
    const client = new ScriptedClient({
      CreateTable: {},
      DescribeTable: { Table: fullTable },
      ListTagsOfResource: { Tags: [{ Key: 'a', Value: '1' }] },
    });
    const tags = [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ];
    const { findings } = await createTableLike(client, fullTable, { table: 'users', tags });
    expect(findings.filter((finding) => finding.code === 'TAGS_MISSING').map((one) => one.message)).toEqual([
      'The target lacks tags of the source: b.',
    ]);
    expect(client.calls[0]).toMatchObject({ operation: 'CreateTable', input: { Tags: tags } });
  });

  test('names both permissions where tags go along', async () => {
    const denied = new DynaferryError('ACCESS_DENIED', 'target: not allowed: dynamodb:CreateTable');
    const client = new ScriptedClient({ CreateTable: denied });
    const tags = [{ Key: 'a', Value: '1' }];
    await expect(createTableLike(client, fullTable, { table: 'users', tags })).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      fix: expect.stringContaining('dynamodb:TagResource'),
    });
  });
});
