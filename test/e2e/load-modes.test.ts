import { DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { gunzipSync } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listObjects, readObject } from '../world/bucket.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, writeWireItems, type WireItem } from '../world/wire-table.ts';
import { expectDone, expectFailure, Scenario } from './scenario.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 90;
const key = (n: number): string => `user ${n}`;
const put = (site: 'source' | 'target', table: string, items: WireItem[]) =>
  writeWireItems(
    world[site],
    table,
    items.map((item) => JSON.stringify(item)),
  );

/** The target's items by their PK. */
async function targetItems(scenario: Scenario): Promise<Map<string, WireItem>> {
  const items = await readWireItems(world.target, scenario.yaml.target.table);
  return new Map(items.map((item) => [item['PK'].S ?? '', item]));
}

describe('items that the target has already', () => {
  /** A third of the items is at the target, older; a third newer; a third is not there. Versions differ in the 38th digit only. */
  const OLD = '1.0000000000000000000000000000000000001';
  const NOW = '1.0000000000000000000000000000000000002';
  const NEW = '1.0000000000000000000000000000000000003';

  async function migrate(mode: unknown) {
    const scenario = await Scenario.create(world);
    scenario.yaml.target.table = await world.target.createTable();
    const range = Array.from({ length: ITEMS }, (_, n) => n);
    await put(
      'source',
      scenario.sourceTable,
      range.map((n) => ({ PK: { S: key(n) }, from: { S: 'source' }, version: { N: NOW } })),
    );
    const version = (n: number): WireItem => (n % 9 === 0 ? {} : { version: { N: n % 3 === 0 ? OLD : NEW } });
    await put(
      'target',
      scenario.yaml.target.table,
      range.filter((n) => n % 3 !== 2).map((n) => ({ PK: { S: key(n) }, from: { S: 'target' }, ...version(n) })),
    );
    scenario.yaml.load = { mode };
    const summary = expectDone(await scenario.run('run', ['--skip-verify']));
    const items = await targetItems(scenario);
    expect(items.size).toBe(ITEMS);
    const from = (rest: number) =>
      new Set(range.filter((n) => n % 3 === rest).map((n) => items.get(key(n))?.['from'].S));
    return { summary, older: from(0), newer: from(1), absent: from(2) };
  }

  const [source, target] = [new Set(['source']), new Set(['target'])];

  test('are replaced by overwrite', async () => {
    const { summary, ...found } = await migrate('overwrite');
    expect(found).toEqual({ older: source, newer: source, absent: source });
    expect(summary).toMatchObject({ written: ITEMS, skipped: 0 });
  });

  test('are left alone by skip-existing', async () => {
    const { summary, ...found } = await migrate('skip-existing');
    expect(found).toEqual({ older: target, newer: target, absent: source });
    expect(summary).toMatchObject({ passed: ITEMS, written: ITEMS / 3, skipped: (ITEMS * 2) / 3 });
  });

  test('are replaced by newer where they are older, to the last digit, or have no version', async () => {
    const { summary, ...found } = await migrate({ newer: { by: 'version' } });
    expect(found).toEqual({ older: source, newer: target, absent: source });
    expect(summary).toMatchObject({ written: (ITEMS * 2) / 3, skipped: ITEMS / 3 });
  });
});

describe('items that DynamoDB refuses at the target', () => {
  const index = (AttributeName: string) => ({
    IndexName: `by-${AttributeName}`,
    KeySchema: [{ AttributeName, KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'ALL' as const },
  });
  /** A table with an index on `rank`, a number, and if asked for one on `nick`, a string. */
  const indexed = (names: readonly ('rank' | 'nick')[]) => ({
    AttributeDefinitions: [
      { AttributeName: 'PK', AttributeType: 'S' as const },
      ...names.map((AttributeName) => ({
        AttributeName,
        AttributeType: AttributeName === 'rank' ? ('N' as const) : ('S' as const),
      })),
    ],
    GlobalSecondaryIndexes: names.map(index),
  });

  async function prepare(indexes: readonly ('rank' | 'nick')[] = ['rank', 'nick']): Promise<Scenario> {
    const scenario = await Scenario.create(world);
    scenario.yaml.target.table = await world.target.createTable(indexed(indexes));
    // One in ten has an index key of the wrong type, one in ten one that a rule makes empty.
    const rank = (n: number) => (n % 10 === 3 ? { rank: { S: 'no number' } } : { rank: { N: String(n) } });
    const nick = (n: number) => (n % 10 === 7 ? { nick: { S: 'anonymous' } } : { nick: { S: `nick ${n}` } });
    const items = Array.from({ length: ITEMS }, (_, n) => ({ PK: { S: key(n) }, ...rank(n), ...nick(n) }));
    await put('source', scenario.sourceTable, items);
    const forget = `export default ({ S }) => ({ S: S === 'anonymous' ? '' : S });\n`;
    writeFileSync(join(scenario.folder, 'forget.mjs'), forget);
    scenario.yaml.policy = { attributes: { nick: { function: { file: './forget.mjs', keepsType: true } } } };
    return scenario;
  }

  async function deadLetters(scenario: Scenario) {
    const bucket = scenario.buckets.target;
    const objects = (await listObjects(world.target.s3, bucket)).filter(({ key: name }) =>
      name.includes('/dead-letters/'),
    );
    const bodies = await Promise.all(
      objects.map(async ({ key: name }) => (await readObject(world.target.s3, bucket, name)).body),
    );
    return bodies
      .flatMap((body) => gunzipSync(body).toString().trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as { Item: WireItem; code: string; reason: string });
  }

  test.each(['overwrite', 'skip-existing'])(
    'are set aside with their reasons while the rest is written (%s)',
    async (mode) => {
      const scenario = await prepare();
      scenario.yaml.load = { mode };
      const result = await scenario.run('run', ['--skip-verify']);
      const refused = (ITEMS * 2) / 10;
      const { message } = expectFailure(result, 8, 'DEAD_LETTERS');
      expect(message).toContain(`s3://${scenario.buckets.target}/staging/users-to-china/`);
      expect(result.events.at(-1)).toMatchObject({
        read: ITEMS,
        passed: ITEMS,
        written: ITEMS - refused,
        deadLettered: refused,
      });

      const items = await targetItems(scenario);
      const expected = Array.from({ length: ITEMS }, (_, n) => n).filter((n) => n % 10 !== 3 && n % 10 !== 7);
      expect([...items.keys()].sort()).toEqual(expected.map(key).sort());
      const letters = await deadLetters(scenario);
      expect(letters).toHaveLength(refused);
      for (const { Item, code, reason } of letters) {
        expect(code).toBe('ValidationException');
        expect(reason).toMatch(Item['rank'].S === undefined ? /empty/i : /type mismatch/i);
      }
      const one = letters.find(({ Item }) => Item['PK'].S === key(13));
      expect(wireJson(one?.Item ?? {})).toBe(
        wireJson({ PK: { S: key(13) }, rank: { S: 'no number' }, nick: { S: 'nick 13' } }),
      );
    },
  );

  test('are written when the same command is run again after the cause was mended', async () => {
    const scenario = await prepare(['rank']);
    expectFailure(await scenario.run('run', ['--skip-verify']), 8, 'DEAD_LETTERS');
    const TableName = scenario.yaml.target.table;
    const { dynamodb } = world.target;
    const Delete = { IndexName: 'by-rank' };
    await dynamodb.send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates: [{ Delete }] }));
    const table = async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table;
    await expect.poll(async () => (await table())?.GlobalSecondaryIndexes, { timeout: 30_000 }).toBeUndefined();
    const summary = expectDone(await scenario.run('run'));
    expect(summary).toMatchObject({ passed: ITEMS, written: ITEMS, deadLettered: 0, verify: { equal: ITEMS } });
    expect(await deadLetters(scenario)).toEqual([]);
  });

  test('are missing in the eyes of verification: told of as dead letters by a run, as differences by verify', async () => {
    const scenario = await prepare();
    const verify = { equal: ITEMS * 0.8, missing: ITEMS * 0.2, extra: 0, different: 0 };
    const result = await scenario.run('run');
    expectFailure(result, 8, 'DEAD_LETTERS');
    expect(result.events.at(-1)).toMatchObject({ ok: false, verify });
    const verified = await scenario.run('verify');
    expectFailure(verified, 7, 'VERIFY_DIFFERENT');
    expect(verified.events.at(-1)).toMatchObject({ verify });
  });
});
