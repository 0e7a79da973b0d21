import { DescribeTableCommand, DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems, type WireItem } from '../world/wire-table.ts';
import type { TableDefinition, WorldSite } from '../world/world-site.ts';
import { expectDone, expectFailure, Scenario } from './scenario.ts';

const world = await useWorld('dynamodb', 's3');

/** A composite key with a number and every kind of index. */
const definition: TableDefinition = {
  AttributeDefinitions: [
    { AttributeName: 'owner', AttributeType: 'S' },
    { AttributeName: 'at', AttributeType: 'N' },
    { AttributeName: 'country', AttributeType: 'S' },
    { AttributeName: 'digest', AttributeType: 'B' },
  ],
  KeySchema: [
    { AttributeName: 'owner', KeyType: 'HASH' },
    { AttributeName: 'at', KeyType: 'RANGE' },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: 'by-digest',
      KeySchema: [
        { AttributeName: 'owner', KeyType: 'HASH' },
        { AttributeName: 'digest', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-country',
      KeySchema: [
        { AttributeName: 'country', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
    },
  ],
};

const items = Array.from({ length: 60 }, (_, n): WireItem => ({
  owner: { S: `owner ${n % 7}` },
  at: { N: `${n}.25` },
  country: { S: 'China' },
  digest: { B: Buffer.from([n]).toString('base64') },
  name: { S: `name ${n}` },
  expires: { N: '4102444800' },
}));

async function prepare(): Promise<Scenario> {
  const scenario = await Scenario.create(world, { sourceTable: definition });
  await writeWireItems(
    world.source,
    scenario.sourceTable,
    items.map((item) => JSON.stringify(item)),
  );
  return scenario;
}

const describeAt = async ({ dynamodb }: WorldSite, TableName: string) =>
  (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table;

describe('a target table that is missing', () => {
  test('is made like the source: keys, indexes and billing, TTL once all is loaded, under the names that the policy gives', async () => {
    const scenario = await prepare();
    const { dynamodb } = world.source;
    const TableName = scenario.sourceTable;
    const ttl = { Enabled: true, AttributeName: 'expires' };
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: ttl }));
    scenario.yaml.policy = { attributes: { owner: { rename: 'user' }, expires: { rename: 'ttl' } } };

    expect(expectDone(await scenario.run('run'))).toMatchObject({
      written: items.length,
      verify: { equal: items.length },
    });

    const renamed = ({ owner, expires, ...rest }: WireItem): WireItem => ({ user: owner, ttl: expires, ...rest });
    expect(await scenario.compare(renamed)).toEqual({ equal: items.length, missing: [], extra: [], different: [] });
    const made = await describeAt(world.target, scenario.targetTable);
    expect(made?.KeySchema).toEqual([
      { AttributeName: 'user', KeyType: 'HASH' },
      { AttributeName: 'at', KeyType: 'RANGE' },
    ]);
    expect(made?.AttributeDefinitions).toHaveLength(4);
    expect(made?.AttributeDefinitions).toContainEqual({ AttributeName: 'digest', AttributeType: 'B' });
    expect(made?.BillingModeSummary?.BillingMode).toBe('PAY_PER_REQUEST');
    expect(made?.LocalSecondaryIndexes).toMatchObject([
      {
        IndexName: 'by-digest',
        KeySchema: [{ AttributeName: 'user' }, { AttributeName: 'digest' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
    expect(made?.GlobalSecondaryIndexes).toMatchObject([
      {
        IndexName: 'by-country',
        KeySchema: [{ AttributeName: 'country' }, { AttributeName: 'at' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
      },
    ]);
    const described = await world.target.dynamodb.send(
      new DescribeTimeToLiveCommand({ TableName: scenario.targetTable }),
    );
    expect(described.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  });

  test('is refused with create: false, and nothing is staged', async () => {
    const scenario = await prepare();
    scenario.yaml.target.create = false;
    const { message } = expectFailure(await scenario.run('run'), 5, 'TABLE_NOT_FOUND');
    expect(message).toContain(scenario.targetTable);
    expect(message).toContain('target.create is false');
  });
});

test('a target table with another key is refused before anything moves', async () => {
  const scenario = await prepare();
  scenario.yaml.target.table = await world.target.createTable();
  const { message } = expectFailure(await scenario.run('run'), 3, 'KEY_SCHEMA_MISMATCH');
  expect(message).toContain('PK (S)');
  expect(message).toContain('owner (S), at (N)');
});

describe('a policy that was changed after the export', () => {
  test('is refused; with --restart all begins anew, and verification agrees', async () => {
    const scenario = await prepare();
    scenario.yaml.policy = { attributes: { name: 'drop' } };
    expectDone(await scenario.run('run'));
    scenario.yaml.policy = { attributes: { name: { mask: { keepLast: 1 } } } };
    const { fix } = expectFailure(await scenario.run('run'), 6, 'POLICY_MISMATCH');
    expect(fix).toContain('--restart');
    const summary = expectDone(await scenario.run('run', ['--restart']));
    expect(summary).toMatchObject({ read: items.length, written: items.length, verify: { equal: items.length } });
    const masked = (item: WireItem): WireItem => ({ ...item, name: { S: item['name'].S?.replace(/.(?=.)/g, '*') } });
    expect(await scenario.compare(masked)).toEqual({ equal: items.length, missing: [], extra: [], different: [] });
  });
});
