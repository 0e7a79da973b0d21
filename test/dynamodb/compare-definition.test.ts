import { describe, expect, test } from 'vitest';
import { compareDefinition } from '../../src/dynamodb/compare-definition.ts';
import { definitionLike } from '../../src/dynamodb/table-definition.ts';
import type { TableDescription } from '../../src/dynamodb/table.ts';
import { fullTable } from './full-table.ts';

const { definition } = definitionLike(fullTable, { table: 'users' });

function compare(changes: Partial<TableDescription>): string[] {
  return compareDefinition({ ...fullTable, ...changes }, definition).map(({ severity, code }) => `${severity} ${code}`);
}

describe('a target table that is there already', () => {
  test('and is as wanted has no findings', () => {
    expect(compare({})).toEqual([]);
  });

  test('may give its definition in another order', () => {
    expect(
      compare({
        KeySchema: fullTable.KeySchema.toReversed(),
        AttributeDefinitions: fullTable.AttributeDefinitions.toReversed(),
      }),
    ).toEqual([]);
  });

  test.each<[string, Partial<TableDescription>]>([
    ['no sort key', { KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }] }],
    [
      'keys the other way round',
      {
        KeySchema: [
          { AttributeName: 'SK', KeyType: 'HASH' },
          { AttributeName: 'PK', KeyType: 'RANGE' },
        ],
      },
    ],
    [
      'another type',
      {
        AttributeDefinitions: fullTable.AttributeDefinitions.map((one) =>
          one.AttributeName === 'SK' ? { ...one, AttributeType: 'S' } : one,
        ),
      },
    ],
    [
      'another case',
      {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
      },
    ],
  ])('with another key is an error: %s', (_, changes) => {
    expect(compare(changes)).toContain('error KEY_SCHEMA_MISMATCH');
  });

  const [index] = fullTable.GlobalSecondaryIndexes ?? [];
  test.each<[string, Partial<TableDescription>]>([
    ['warning INDEX_MISSING', { GlobalSecondaryIndexes: [] }],
    ['warning INDEX_DIFFERENT', { GlobalSecondaryIndexes: [{ ...index, Projection: { ProjectionType: 'ALL' } }] }],
    [
      'warning INDEX_DIFFERENT',
      { GlobalSecondaryIndexes: [{ ...index, KeySchema: [{ AttributeName: 'time', KeyType: 'HASH' }] }] },
    ],
    ['note INDEX_EXTRA', { GlobalSecondaryIndexes: [index, { ...index, IndexName: 'more' }] }],
    ['warning BILLING_DIFFERENT', { BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } }],
    ['warning BILLING_DIFFERENT', { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 50 } }],
    ['warning TABLE_CLASS_DIFFERENT', { TableClassSummary: undefined }],
    ['warning STREAM_DIFFERENT', { StreamSpecification: undefined }],
    ['warning ENCRYPTION_DIFFERENT', { SSEDescription: undefined }],
    ['note DELETION_PROTECTION_OFF', { DeletionProtectionEnabled: false }],
  ])('%s, and nothing else', (finding, changes) => {
    expect(compare(changes)).toEqual([finding]);
  });
});
