import { describe, expect, it } from 'vitest';
import { DynamoDbClient } from '../../src/dynamodb/client.ts';
import type { TableDescription } from '../../src/dynamodb/table.ts';
import type { ProgressEvent } from '../../src/model/events.ts';
import { describeForTarget, ensureTargetTable, switchTtlOn } from '../../src/migration/target-table.ts';
import type { Workspace } from '../../src/migration/workspace.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { siteAt } from '../aws/site-at.ts';

/** Answers each operation with the next of its answers, the last one again and again; an error is thrown. */
class TakingTurns extends DynamoDbClient {
  readonly asked: string[] = [];
  readonly #answers: Record<string, object[]>;

  constructor(answers: Record<string, object[]>) {
    super(siteAt('http://127.0.0.1:0', { role: 'target', region: 'cn-north-1' }));
    this.#answers = answers;
  }

  override async call(operation: string): Promise<Buffer> {
    this.asked.push(operation);
    const answers = this.#answers[operation] ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return Buffer.from(JSON.stringify(answer));
  }
}

/** What the two functions use of a workspace. */
function workspaceOf(client: DynamoDbClient): Workspace {
  const target = { table: 'users', region: 'cn-north-1', create: true };
  return {
    options: { context: { signal: new AbortController().signal } },
    file: { target },
    targetDynamoDb: async () => client,
  } as unknown as Workspace;
}

const keySchema = { partition: { name: 'PK', type: 'S' as const } };

const described = (status: string): object => ({
  Table: {
    TableName: 'users',
    TableStatus: status,
    KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
  },
});

describe('the target table', () => {
  it('that a killed run left while it was being made is waited for', async () => {
    const client = new TakingTurns({
      DescribeTable: [described('CREATING'), described('CREATING'), described('ACTIVE')],
    });
    const { table } = await ensureTargetTable(workspaceOf(client), { keySchema });
    expect(table.TableStatus).toBe('ACTIVE');
    expect(client.asked).toEqual(['DescribeTable', 'DescribeTable', 'DescribeTable']);
  });
});

describe('what the export says of the table to be made', () => {
  it('lacks tags and TTL where they may not be read, and that is told', async () => {
    const denied = new DynaferryError('ACCESS_DENIED', 'source: not allowed');
    const client = new TakingTurns({ ListTagsOfResource: [denied], DescribeTimeToLive: [denied] });
    const told: ProgressEvent[] = [];
    const source = (described('ACTIVE') as { Table: TableDescription }).Table;
    const workspace = {
      options: {
        context: { signal: new AbortController().signal, onEvent: (event: ProgressEvent) => told.push(event) },
      },
      file: { target: { table: 'users' } },
      sourceTable: async () => source,
      sourceDynamoDb: async () => client,
      policy: async () => ({ keyAttributeAtTarget: (attribute: object) => attribute }),
    } as unknown as Workspace;
    const { table, ttlAttribute } = await describeForTarget(workspace);
    expect([table?.TableName, table?.['Tags'], ttlAttribute]).toEqual(['users', undefined, undefined]);
    expect(told).toMatchObject([
      { type: 'notice', level: 'warning', message: expect.stringContaining('no tags') as string },
      { type: 'notice', level: 'warning', message: expect.stringContaining('no TTL') as string },
    ]);
  });
});

describe('TTL at the target', () => {
  const refused = new DynaferryError('REQUEST_REFUSED', 'TimeToLive is already enabled', {
    serviceCode: 'ValidationException',
  });
  const ttl = (status: string, AttributeName?: string): object => ({
    TimeToLiveDescription: { TimeToLiveStatus: status, AttributeName },
  });

  it('is on where only the answer to switching it on was lost', async () => {
    const client = new TakingTurns({
      DescribeTimeToLive: [ttl('DISABLED'), ttl('ENABLING', 'expires')],
      UpdateTimeToLive: [refused],
    });
    await switchTtlOn(workspaceOf(client), { ttlAttribute: 'expires' });
    expect(client.asked).toEqual(['DescribeTimeToLive', 'UpdateTimeToLive', 'DescribeTimeToLive']);
  });

  it('that DynamoDB refuses to switch on is told of', async () => {
    const client = new TakingTurns({ DescribeTimeToLive: [ttl('DISABLING', 'expires')], UpdateTimeToLive: [refused] });
    await expect(switchTtlOn(workspaceOf(client), { ttlAttribute: 'expires' })).rejects.toBe(refused);
  });
});
