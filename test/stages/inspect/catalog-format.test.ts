import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { inspectTable } from '../../../src/stages/inspect/inspect-table.ts';
import { fullTable } from '../../dynamodb/full-table.ts';
import { ScriptedClient } from '../../dynamodb/scripted-client.ts';

const items = [
  {
    PK: { S: 'user-1' },
    SK: { N: '1' },
    address: { M: { city: { S: 'Chengdu' } } },
    tags: { L: [{ S: 'new' }, { NULL: true }] },
  },
  { PK: { S: 'user-2' }, SK: { N: '22.5' }, sessions: { M: { '10001': { N: '7' }, '10002': { N: '8' } } } },
];

const client = new ScriptedClient(
  {
    DescribeTable: { Table: fullTable },
    DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' } },
    DescribeContinuousBackups: {
      ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } },
    },
    ListTagsOfResource: { Tags: [{ Key: 'team', Value: 'users' }] },
    Scan: {
      Items: items,
      Count: 2,
      ScannedCount: 2,
      LastEvaluatedKey: { PK: { S: 'user-2' }, SK: { N: '22.5' } },
      ConsumedCapacity: { CapacityUnits: 0.5 },
    },
  },
  'source',
);

test('a catalog is what docs/formats/catalog.md shows, to the last field', async () => {
  const catalog = await inspectTable({
    client,
    table: 'users',
    sample: 2,
    segments: 1,
    consistentRead: false,
    examples: 1,
    now: () => new Date('2026-01-02T03:04:05.678Z'),
  });
  const document = await readFile(new URL('../../../docs/formats/catalog.md', import.meta.url), 'utf8');
  const example = /```json\n([^]*?)```/.exec(document)?.[1] ?? '{}';
  expect(JSON.parse(example)).toEqual(JSON.parse(JSON.stringify(catalog)));
});
