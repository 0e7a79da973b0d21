import type { TableDescription } from '../../src/dynamodb/table.ts';

/** A table with every setting that a description can have. */
export const fullTable: TableDescription = {
  TableName: 'users',
  TableArn: 'arn:aws:dynamodb:us-west-2:1:table/users',
  TableStatus: 'ACTIVE',
  KeySchema: [
    { AttributeName: 'PK', KeyType: 'HASH' },
    { AttributeName: 'SK', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'PK', AttributeType: 'S' },
    { AttributeName: 'SK', AttributeType: 'N' },
    { AttributeName: 'time', AttributeType: 'N' },
    { AttributeName: 'country', AttributeType: 'S' },
  ],
  ItemCount: 1000,
  TableSizeBytes: 500_000,
  ProvisionedThroughput: { ReadCapacityUnits: 100, WriteCapacityUnits: 50 },
  LocalSecondaryIndexes: [
    {
      IndexName: 'by-time',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'time', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
      IndexSizeBytes: 1,
      ItemCount: 1,
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-country',
      KeySchema: [{ AttributeName: 'country', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['email', 'name'] },
      IndexStatus: 'ACTIVE',
      IndexSizeBytes: 1,
      ItemCount: 1,
      ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 5 },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: 'arn:aws:kms:us-west-2:1:key/k' },
  TableClassSummary: { TableClass: 'STANDARD_INFREQUENT_ACCESS' },
  DeletionProtectionEnabled: true,
};
