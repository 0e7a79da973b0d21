import { describe, expect, test } from 'vitest';
import { definitionLike, type TargetTable } from '../../src/dynamodb/table-definition.ts';
import { fullTable } from './full-table.ts';

/** A policy that drops some attributes and renames or retypes others. */
function policy(changes: Record<string, ReturnType<NonNullable<TargetTable['attribute']>>>): TargetTable {
  return { table: 'copy', attribute: (name) => (name in changes ? changes[name] : { name }) };
}

describe('the definition of a table like the source', () => {
  test('has all that CreateTable can take over', () => {
    const { definition } = definitionLike(fullTable, { table: 'copy', tags: [{ Key: 'team', Value: 'users' }] });
    expect(definition).toEqual({
      TableName: 'copy',
      KeySchema: fullTable.KeySchema,
      AttributeDefinitions: expect.arrayContaining(fullTable.AttributeDefinitions),
      BillingMode: 'PROVISIONED',
      ProvisionedThroughput: { ReadCapacityUnits: 100, WriteCapacityUnits: 50 },
      LocalSecondaryIndexes: [
        {
          IndexName: 'by-time',
          KeySchema: fullTable.LocalSecondaryIndexes?.[0].KeySchema,
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-country',
          KeySchema: fullTable.GlobalSecondaryIndexes?.[0].KeySchema,
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['email', 'name'] },
          ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 },
        },
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      SSESpecification: { Enabled: true, SSEType: 'KMS' },
      TableClass: 'STANDARD_INFREQUENT_ACCESS',
      DeletionProtectionEnabled: true,
      Tags: [{ Key: 'team', Value: 'users' }],
    });
  });

  test('names no key of the other partition, and says which key takes its place', () => {
    const { definition, findings } = definitionLike(fullTable, { table: 'copy' });
    expect(JSON.stringify(definition)).not.toContain('arn:');
    expect(findings).toContainEqual(expect.objectContaining({ severity: 'note', code: 'ENCRYPTION_KEY_DEFAULT' }));
  });

  test('of an on-demand table has its limits, where there are any', () => {
    const onDemand = {
      ...fullTable,
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    };
    const plain = definitionLike(onDemand, { table: 'copy' });
    expect(plain.definition.BillingMode).toBe('PAY_PER_REQUEST');
    expect(JSON.stringify(plain.definition)).not.toMatch(/Throughput/);
    expect(plain.findings.map((finding) => finding.code)).not.toContain('AUTO_SCALING_NOT_COPIED');
    const limited = { ...onDemand, OnDemandThroughput: { MaxReadRequestUnits: -1, MaxWriteRequestUnits: 500 } };
    expect(definitionLike(limited, { table: 'copy' }).definition.OnDemandThroughput).toEqual({
      MaxReadRequestUnits: -1,
      MaxWriteRequestUnits: 500,
    });
  });

  test('follows renamed and retyped attributes into keys, indexes and projections', () => {
    const { definition } = definitionLike(
      fullTable,
      policy({ SK: { name: 'sort', type: 'S' }, country: { name: 'land' }, email: { name: 'mail' } }),
    );
    expect(definition.KeySchema).toEqual([
      { AttributeName: 'PK', KeyType: 'HASH' },
      { AttributeName: 'sort', KeyType: 'RANGE' },
    ]);
    expect(definition.GlobalSecondaryIndexes?.[0]).toMatchObject({
      KeySchema: [{ AttributeName: 'land', KeyType: 'HASH' }],
      Projection: { NonKeyAttributes: ['mail', 'name'] },
    });
    expect(definition.AttributeDefinitions).toContainEqual({ AttributeName: 'sort', AttributeType: 'S' });
    expect(definition.AttributeDefinitions.map((one) => one.AttributeName)).not.toContain('SK');
  });

  test('leaves out an index whose key the policy drops, with its attribute definition, and says so', () => {
    const { definition, findings } = definitionLike(fullTable, policy({ country: undefined, time: undefined }));
    expect(definition).not.toHaveProperty('GlobalSecondaryIndexes');
    expect(definition).not.toHaveProperty('LocalSecondaryIndexes');
    expect(definition.AttributeDefinitions.map((one) => one.AttributeName)).toEqual(['PK', 'SK']);
    expect(findings.filter((finding) => finding.code === 'INDEX_LEFT_OUT')).toHaveLength(2);
  });

  test('projects no attribute that the policy drops', () => {
    const { definition } = definitionLike(fullTable, policy({ email: undefined, name: undefined }));
    expect(definition.GlobalSecondaryIndexes?.[0].Projection).toEqual({ ProjectionType: 'KEYS_ONLY' });
  });

  test('is refused where the policy drops a key attribute', () => {
    expect(() => definitionLike(fullTable, policy({ SK: undefined }))).toThrow(
      expect.objectContaining({ code: 'RULE_ON_KEY' }),
    );
  });

  test('has no tags that only AWS can set', () => {
    const tags = [
      { Key: 'aws:cloudformation:stack-name', Value: 'x' },
      { Key: 'team', Value: 'users' },
    ];
    const { definition, findings } = definitionLike(fullTable, { table: 'copy', tags });
    expect(definition.Tags).toEqual([{ Key: 'team', Value: 'users' }]);
    expect(findings.map((finding) => finding.code)).toContain('TAGS_LEFT_OUT');
  });
});
