/** The input of CreateTable for a table of generated profiles: partition key PK, a string; paid per request. */
export function profileTable(name: string) {
  return {
    TableName: name,
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  } as const;
}
