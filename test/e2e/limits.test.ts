import { describe, expect, test } from 'vitest';
import type { CapacityMeter } from '../world/capacity-meter.ts';
import { runCli } from '../world/cli.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import { paddedProfiles } from './profiles.ts';
import { expectDone, Scenario, siteEnvironment } from './scenario.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const READ_CAP = 100;
const WRITE_CAP = 200;
/** The bucket holds one second of the rate, and the last request may overdraw it: a batch of 25 items, or half a second of reading. */
const WRITE_BURST = WRITE_CAP + 25;
const READ_BURST = READ_CAP + READ_CAP / 2;

/** Answers are counted as they pass: on a busy machine those of so many seconds may pass together. */
const JITTER_SECONDS = 0.5;

function expectCapHeld(meter: CapacityMeter, cap: number, burst: number): void {
  // Without the cap it would all fall into one window.
  const allowed = (seconds: number): number => cap * (seconds + JITTER_SECONDS) + burst;
  expect(meter.total).toBeGreaterThan(allowed(2));
  for (const seconds of [1, 2]) expect(meter.largestIn(seconds * 1000)).toBeLessThanOrEqual(allowed(seconds));
}

async function prepare(sites: WatchedSites, name: string, items: number): Promise<Scenario> {
  const scenario = await Scenario.create(world, { endpoints: sites.endpoints, name });
  await writeWireItems(world.source, scenario.sourceTable, paddedProfiles({ items, seed: 3 }, 200));
  scenario.yaml.limits = { read: READ_CAP, write: WRITE_CAP };
  return scenario;
}

describe('read and write caps hold in every window of time', () => {
  test('for one migration', async () => {
    await using sites = await WatchedSites.start(world);
    // Large items, so that reading them costs more than the burst.
    const scenario = await prepare(sites, 'one', 900);
    scenario.yaml.source.consistentRead = true;
    expectDone(await scenario.run('run', ['--skip-verify']));
    expectCapHeld(sites.proxies.target.dynamodb.capacity, WRITE_CAP, WRITE_BURST);
    expect(sites.proxies.source.dynamodb.capacity.largestIn(1000)).toBeLessThanOrEqual(READ_CAP + READ_BURST);
  });

  test('for two migrations that run together, over both', async () => {
    await using sites = await WatchedSites.start(world);
    const [a, b] = await Promise.all([prepare(sites, 'first', 450), prepare(sites, 'second', 450)]);
    a.arguments('run');
    const args = [...b.arguments('run', '--skip-verify'), a.migrationPath];
    expectDone(await runCli(args, { env: { ...siteEnvironment.source, ...siteEnvironment.target } }));
    expectCapHeld(sites.proxies.target.dynamodb.capacity, WRITE_CAP, WRITE_BURST);
    for (const scenario of [a, b])
      expect(await scenario.compare()).toMatchObject({ equal: 450, missing: [], extra: [] });
  });

  test('for reading, with throttles in between', async () => {
    await using sites = await WatchedSites.start(world, {
      rules: () => [{ fault: { kind: 'throttle' }, operations: ['Scan'], at: [3, 4] }],
    });
    const scenario = await Scenario.create(world, { endpoints: sites.endpoints });
    await writeWireItems(world.source, scenario.sourceTable, paddedProfiles({ items: 500, seed: 3 }, 3500));
    scenario.yaml.limits = { read: READ_CAP };
    scenario.yaml.source.consistentRead = true;
    expectDone(await scenario.run('run', ['--skip-verify']));
    expectCapHeld(sites.proxies.source.dynamodb.capacity, READ_CAP, READ_BURST);
  });
});
