import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite } from '../../../src/aws/site.ts';
import { generateProfiles } from '../../../src/demo/generate/profiles.ts';
import { profileTable } from '../../../src/demo/generate/table.ts';
import { writeItems } from '../../../src/demo/generate/write-items.ts';
import { startTwoSites, type TwoSites } from '../../../src/demo/two-sites.ts';
import { DynamoDbClient } from '../../../src/dynamodb/client.ts';

let sites: TwoSites;
let client: DynamoDbClient;
const { signal } = new AbortController();

interface Page {
  Count: number;
  LastEvaluatedKey?: object;
}

async function createTable(input: { TableName: string; [member: string]: unknown }): Promise<void> {
  await client.callJson('CreateTable', input.TableName, input);
  for (;;) {
    const { Table } = await client.callJson<{ Table: { TableStatus: string } }>('DescribeTable', input.TableName, {
      TableName: input.TableName,
    });
    if (Table.TableStatus === 'ACTIVE') return;
  }
}

beforeAll(async () => {
  sites = await startTwoSites();
  const { region, dynamodb, s3, credentials } = sites.source;
  const site = openSite('source', { region, endpoint: { dynamodb, s3 } });
  client = new DynamoDbClient({ ...site, credentials: () => Promise.resolve(credentials) });
});

afterAll(() => sites.close());

describe('writing generated items', () => {
  it('writes every one of them, large ones too', async () => {
    await createTable(profileTable('users'));
    let heard = 0;
    const items = generateProfiles({ items: 610, seed: 1, exotic: true });
    const written = await writeItems(client, 'users', items, { signal, onWritten: (count) => (heard += count) });
    expect(written).toBe(610);
    expect(heard).toBe(610);
    let counted = 0;
    let page: Page | undefined;
    do {
      const input = { TableName: 'users', Select: 'COUNT', ExclusiveStartKey: page?.LastEvaluatedKey };
      page = await client.callJson<Page>('Scan', 'users', input);
      counted += page.Count;
    } while (page.LastEvaluatedKey !== undefined);
    expect(counted).toBe(610);
  });

  it('says so when the table has another key', async () => {
    const table = profileTable('numbered');
    await createTable({ ...table, AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'N' }] });
    const items = generateProfiles({ items: 3, seed: 1 });
    await expect(writeItems(client, 'numbered', items, { signal })).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
      message: "the table 'numbered' does not take generated items (ValidationException)",
    });
  });
});
