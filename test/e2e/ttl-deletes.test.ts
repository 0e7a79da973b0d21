import { DeleteItemCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { expect, test, vi } from 'vitest';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, writeWireItems } from '../world/wire-table.ts';
import type { WorldSite } from '../world/world-site.ts';
import { expectDone, Scenario } from './scenario.ts';

const world = await useWorld('dynamodb', 's3');

async function keysIn(site: WorldSite, table: string): Promise<string[]> {
  return (await readWireItems(site, table)).map(({ PK }) => PK.S ?? '').sort();
}

/** Migrates a table, lets TTL delete one of its items and somebody else another, and replicates that. Resolves with what is left at the target. */
async function replicated(ttlDeletes: 'apply' | 'skip'): Promise<string[]> {
  const scenario = await Scenario.create(world);
  const { sourceTable: TableName } = scenario;
  const { dynamodb } = world.source;
  const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expires' };
  await dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  await writeWireItems(
    world.source,
    TableName,
    ['expiring', 'deleted', 'kept'].map((key) => `{"PK":{"S":"${key}"}}`),
  );
  // The target has no TTL of its own then.
  scenario.yaml.policy = { attributes: { expires: 'drop' } };
  scenario.yaml.replicate = { stream: 'enable', ttlDeletes };
  expectDone(await scenario.run('capture', ['--until-caught-up']));
  expectDone(await scenario.run('run'));
  const expires = Math.floor(Date.now() / 1000) - 60;
  await writeWireItems(world.source, TableName, [`{"PK":{"S":"expiring"},"expires":{"N":"${expires}"}}`]);
  await dynamodb.send(new DeleteItemCommand({ TableName, Key: { PK: { S: 'deleted' } } }));
  await vi.waitFor(async () => expect(await keysIn(world.source, TableName)).toEqual(['kept']), { timeout: 60_000 });
  const { captured } = expectDone(await scenario.run('replicate', ['--until-caught-up']));
  expect(captured).toMatchObject({ skipped: ttlDeletes === 'skip' ? 1 : 0 });
  return keysIn(world.target, scenario.targetTable);
}

test('what TTL deletes at the source is deleted at the target, or left there, as replicate.ttlDeletes says', async () => {
  const [applied, skipped] = await Promise.all([replicated('apply'), replicated('skip')]);
  expect(applied).toEqual(['kept']);
  expect(skipped).toEqual(['expiring', 'kept']);
});
