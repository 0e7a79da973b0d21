import type { TableDefinition } from '../../dynamodb/table-definition.ts';

/** The input of CreateTable for a table of generated profiles: partition key PK, a string; paid per request. */
export function profileTable(
  name: string,
): Pick<TableDefinition, 'TableName' | 'AttributeDefinitions' | 'KeySchema' | 'BillingMode'> {
  return {
    TableName: name,
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  };
}
