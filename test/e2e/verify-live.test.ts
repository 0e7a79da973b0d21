import { readFileSync } from 'node:fs';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import type { RunningProgram } from '../world/program.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, writeWireItems, type WireItem } from '../world/wire-table.ts';
import { Mutator } from './mutator.ts';
import { expectDone, expectFailure, Scenario } from './scenario.ts';
import { userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

/** Items that the writer changes; it leaves the others alone. */
const WRITTEN = 20;
/** Of a target that is seconds behind, nothing lasts so long. */
const SETTLE_MS = 15_000;

test('a live pair is verified while it is written to: what is on its way settles, what is wrong is reported with how long it has lasted', async () => {
  const scenario = await Scenario.create(world);
  const items = [...generateProfiles({ items: 300, seed: 5, match: 0.6 })];
  await writeWireItems(world.source, scenario.sourceTable, items);
  scenario.yaml.policy = userPolicy;
  scenario.yaml.replicate = { stream: 'enable' };
  const keys = items.slice(0, WRITTEN).map((item) => keyOf(JSON.parse(item) as WireItem));
  const mutator = Mutator.start(world.source, scenario.sourceTable, { seed: 5, keys, pauseMs: 40 });
  const live = scenario.start('run', ['--live']);
  try {
    await caughtUp(live);
    const atRest = (await readWireItems(world.target, scenario.targetTable)).filter((item) =>
      items.slice(WRITTEN).some((text) => keyOf(JSON.parse(text) as WireItem) === keyOf(item)),
    );
    const planted = await plant(scenario, atRest);

    const result = await scenario.run('verify', ['--settle', `${SETTLE_MS / 1000}s`]);
    const { message, fix } = expectFailure(result, 7, 'VERIFY_DIFFERENT');
    const verify = result.events.at(-1)?.['verify'] as { lastedMs: { least: number } };
    expect(verify).toMatchObject({ missing: 1, extra: 1, different: 1, changing: 0 });
    expect(verify.lastedMs.least).toBeGreaterThanOrEqual(SETTLE_MS);
    expect(message).toMatch(/1 missing, 1 extra, 1 different, for \d+ (to \d+ )?s now$/);
    const lines = readFileSync(/listed in (\S+\.jsonl)/.exec(fix)?.[1] ?? '', 'utf8')
      .trimEnd()
      .split('\n');
    const listed = lines.map((line) => JSON.parse(line) as { key: WireItem; lastedMs: number });
    expect(listed.map(({ key }) => keyOf(key)).sort()).toEqual(planted.sort());
    for (const { lastedMs } of listed) expect(lastedMs).toBeGreaterThanOrEqual(SETTLE_MS);

    // Mended, and still written to: equal.
    await writeWireItems(
      world.target,
      scenario.targetTable,
      atRest.slice(0, 2).map((item) => JSON.stringify(item)),
    );
    await remove(scenario, 'one more');
    const before = mutator.changes;
    const again = expectDone(await scenario.run('verify'));
    expect(again['verify']).toMatchObject({ missing: 0, extra: 0, different: 0 });
    expect((again['verify'] as { settled?: number }).settled).toBeDefined();
    expect(mutator.changes).toBeGreaterThan(before);
  } finally {
    await mutator.stop();
    live.process.kill('SIGINT');
    await live.done;
  }
});

function keyOf(item: WireItem): string {
  return item['PK'].S ?? '';
}

/** Resolves when a program says that the target has caught up. */
async function caughtUp({ process, done }: RunningProgram): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.stdout?.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes('the target has caught up')) resolve();
  });
  const ended = done.then(({ stdout }) => Promise.reject(new Error(`ended: ${stdout.slice(-2000)}`)));
  await Promise.race([promise, ended]);
}

/** Changes an item at the target, removes one and adds one; returns their keys. */
async function plant(scenario: Scenario, [changed, missing]: WireItem[]): Promise<string[]> {
  const wrong = { ...changed, city: { S: 'elsewhere' } };
  const extra = { ...changed, PK: { S: 'one more' } };
  await writeWireItems(
    world.target,
    scenario.targetTable,
    [wrong, extra].map((item) => JSON.stringify(item)),
  );
  await remove(scenario, keyOf(missing));
  return [wrong, extra, missing].map(keyOf);
}

async function remove(scenario: Scenario, pk: string): Promise<void> {
  await world.target.dynamodb.send(new DeleteItemCommand({ TableName: scenario.targetTable, Key: { PK: { S: pk } } }));
}
