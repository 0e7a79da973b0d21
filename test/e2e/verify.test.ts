import { readFileSync } from 'node:fs';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { newFolder } from '../world/home.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, writeWireItems, type WireItem } from '../world/wire-table.ts';
import { expectDone, expectFailure, Scenario, siteEnvironment } from './scenario.ts';
import { userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

async function migrated(): Promise<{ scenario: Scenario; items: WireItem[] }> {
  const scenario = await Scenario.create(world);
  await writeWireItems(world.source, scenario.sourceTable, generateProfiles({ items: 500, seed: 8, match: 0.6 }));
  scenario.yaml.policy = userPolicy;
  expectDone(await scenario.run('run', ['--skip-verify']));
  return { scenario, items: await readWireItems(world.target, scenario.targetTable) };
}

/** Changes one digit of one number, takes one item away and adds one. */
async function disturb(scenario: Scenario, [changed, missing]: WireItem[]): Promise<void> {
  const digits = changed['last_update_timestamp'].N ?? '';
  const last = digits.at(-1) === '9' ? '8' : '9';
  const different = { ...changed, last_update_timestamp: { N: digits.slice(0, -1) + last } };
  const extra = { ...changed, PK: { S: 'one more' } };
  await writeWireItems(
    world.target,
    scenario.targetTable,
    [different, extra].map((item) => JSON.stringify(item)),
  );
  const Key = { PK: { S: missing['PK'].S ?? '' } };
  await world.target.dynamodb.send(new DeleteItemCommand({ TableName: scenario.targetTable, Key }));
}

describe('dynaferry verify', () => {
  test('agrees with a target that is the policy applied to the source, and finds a changed digit, a missing and an extra item', async () => {
    const { scenario, items } = await migrated();
    expect(expectDone(await scenario.run('verify'))['verify']).toEqual({
      equal: items.length,
      missing: 0,
      extra: 0,
      different: 0,
    });

    await disturb(scenario, items);
    const result = await scenario.run('verify');
    const { fix } = expectFailure(result, 7, 'VERIFY_DIFFERENT');
    expect(result.events.at(-1)?.['verify']).toEqual({ equal: items.length - 2, missing: 1, extra: 1, different: 1 });
    const file = /listed in (\S+\.jsonl)/.exec(fix)?.[1] ?? '';
    const keys = readFileSync(file, 'utf8');
    for (const item of items.slice(0, 2)) expect(keys).toContain(item['PK'].S);
    expect(keys).toContain('one more');
    expect(keys.trimEnd().split('\n')).toHaveLength(3);
  });

  test("does so with each site by itself, on machines that have nothing but that site's credentials", async () => {
    const { scenario, items } = await migrated();
    await disturb(scenario, items);
    const { source, target } = siteEnvironment;
    const both = { ...source, ...target };
    const [atSource, between, atTarget] = [newFolder(), newFolder(), newFolder()];
    const verify = (site: string, stateDir: string, env: Record<string, string>) =>
      scenario.run('verify', ['--site', site, '--state-dir', stateDir], { env });
    const carry = () => scenario.run('transfer', ['--state-dir', between], { env: both });

    // Digests go over; the target asks for the buckets that differ; the source answers with their keys' digests.
    expectDone(await verify('source', atSource, source));
    expectDone(await carry());
    expectFailure(await verify('target', atTarget, target), 7, 'VERIFY_DIFFERENT');
    expectDone(await carry());
    expectDone(await verify('source', atSource, source));
    expectDone(await carry());
    const result = await verify('target', atTarget, target);
    expectFailure(result, 7, 'VERIFY_DIFFERENT');
    expect(result.events.at(-1)?.['verify']).toEqual({ equal: items.length - 2, missing: 1, extra: 1, different: 1 });
  });

  test('reads the target anew with its site by itself, where it was mended after the first look', async () => {
    const { scenario, items } = await migrated();
    const verify = (site: string) => scenario.run('verify', ['--site', site]);
    expectDone(await verify('source'));
    expectDone(await scenario.run('transfer'));
    const put = (item: WireItem) => writeWireItems(world.target, scenario.targetTable, [JSON.stringify(item)]);
    await put({ ...items[0], city: { S: 'elsewhere' } });
    expectFailure(await verify('target'), 7, 'VERIFY_DIFFERENT');
    await put(items[0]);
    expectDone(await verify('target'));
  });
});
