import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeTable } from '../../../src/dynamodb/table.ts';
import { clientOf } from '../../dynamodb/client-of.ts';
import { useWorld } from '../../world/use-world.ts';
import { arbitraryItem, profile } from './items.ts';

const { source } = await useWorld('dynamodb');

test('any item has the size that DynamoDB Local says it has', async () => {
  const client = clientOf(source);
  const table = await source.createTable();
  await fc.assert(
    fc.asyncProperty(arbitraryItem, async (attributes) => {
      // The same key each time: the table holds this one item.
      const item = { ...attributes, PK: { S: 'x' } };
      await client.callJson('PutItem', table, { TableName: table, Item: item });
      const { TableSizeBytes } = await describeTable(client, table);
      expect(profile([JSON.stringify(item)]).sizes).toEqual([TableSizeBytes]);
    }),
    { numRuns: 200 },
  );
});
