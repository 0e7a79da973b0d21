import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { newFolder } from '../world/home.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, type WireItem } from '../world/wire-table.ts';
import { putIncrementalExport, type IncrementalExportOptions } from './incremental-export.ts';
import { putNativeExport } from './native-export.ts';
import { expectDone, expectFailure, Scenario, siteEnvironment } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

const TIMES = ['2024-06-01T00:00:00.000Z', '2024-06-01T00:15:00.000Z', '2024-06-01T00:30:00.000Z'];
const TABLE = 'users';
const profiles = [...generateProfiles({ items: 240, seed: 4, match: 0.5 })].map((text) => JSON.parse(text) as WireItem);

/** What a table held at three moments: items are put, changed, deleted, and move into the filter and out of it. */
const states = [0, 1, 2].map((moment) =>
  profiles.flatMap((profile, n): WireItem[] => {
    // Some come later, some are gone again, some stay as they are.
    if (n % 7 > 4 && (n % 7) - 4 > moment) return [];
    if (n % 5 === 4 && moment > n % 2) return [];
    const item = n % 3 === 0 ? { ...profile, city: { S: `city at ${moment}` } } : profile;
    return [
      n % 4 === 1 ? { ...item, country: { S: (Math.floor(n / 4) + moment) % 2 === 0 ? 'China' : 'Chile' } } : item,
    ];
  }),
);

const texts = (items: WireItem[]): string[] => items.map(wireJson).sort();
const policed = (items: WireItem[]): string[] => texts(items.map(userOracle).filter((item) => item !== undefined));

/** A migration of a table that is known by its exports alone. */
async function prepare(policy = userPolicy): Promise<Scenario> {
  const scenario = await Scenario.create(world);
  scenario.yaml.target.table = await world.target.createTable();
  delete scenario.yaml.source.table;
  scenario.yaml.policy = policy;
  const { source } = scenario.buckets;
  const summary = { exportTime: TIMES[0] };
  const files = [states[0].map((item) => JSON.stringify(item))];
  scenario.yaml.source.export = `s3://${source}/${await putNativeExport(world.source, { bucket: source, prefix: 'full/', files, summary })}`;
  return scenario;
}

/** The export of the time from one moment to another; resolves with its URI. */
async function exportOf(
  { buckets: { source } }: Scenario,
  from: number,
  to: number,
  more: Partial<IncrementalExportOptions> = {},
): Promise<string> {
  const folder = await putIncrementalExport(world.source, {
    bucket: source,
    prefix: 'changes/',
    id: `0171720000000${to}-a1b2c3d${from}`,
    table: TABLE,
    from: TIMES[from],
    to: TIMES[to],
    before: states[from],
    after: states[to],
    ...more,
  });
  return `s3://${source}/${folder}`;
}

const capture = (scenario: Scenario, uris: string[], ...options: string[]) =>
  scenario.run('capture', [...uris.flatMap((uri) => ['--from', uri]), ...options]);

async function carryAndApply(scenario: Scenario): Promise<string[]> {
  expectDone(await scenario.run('transfer', ['--changes', '--until-caught-up']));
  expectDone(await scenario.run('apply', ['--until-caught-up']));
  return texts(await readWireItems(world.target, scenario.yaml.target.table));
}

describe('incremental exports as a source of changes', () => {
  test('go on from a full one, through the policy, and from each other', async () => {
    const scenario = await prepare();
    expectDone(await scenario.run('run'));
    const first = await exportOf(scenario, 0, 1);
    const second = await exportOf(scenario, 1, 2);
    const { captured } = expectDone(await capture(scenario, [first])) as { captured: Record<string, number> };
    expect(captured).toMatchObject({ before: 0, skipped: 0, deadLettered: 0 });
    expect(captured['read']).toBe(captured['filtered'] + captured['puts'] + captured['deletes']);
    expect(
      Math.min(...['filtered', 'puts', 'deletes'].map((kind) => captured[kind])),
      JSON.stringify(captured),
    ).toBeGreaterThan(5);
    expect(await carryAndApply(scenario)).toEqual(policed(states[1]));

    // In any order, and one that is taken already, by a machine that knows of nothing.
    const elsewhere = ['--state-dir', newFolder()];
    expectDone(await capture(scenario, [second, first], ...elsewhere));
    expectDone(await capture(scenario, [first, second], ...elsewhere));
    expect(await carryAndApply(scenario)).toEqual(policed(states[2]));
    const { Contents = [] } = await world.target.s3.send(new ListObjectsV2Command({ Bucket: scenario.buckets.target }));
    expect(Contents.filter(({ Key = '' }) => Key.includes('/changes/') && Key.includes('/data/'))).toHaveLength(2);
  });

  test('of new images alone are as good where there is no filter', async () => {
    const scenario = await prepare({ attributes: { sex: 'drop' } });
    expectDone(await scenario.run('run'));
    const uri = await exportOf(scenario, 0, 1, { view: 'NEW_IMAGE' });
    expectDone(await capture(scenario, [uri]));
    const dropped = states[1].map(({ sex: _sex, ...rest }) => rest);
    expect(await carryAndApply(scenario)).toEqual(texts(dropped));
  });

  test('are refused where something would be lost or left behind', async () => {
    const scenario = await prepare();
    const newOnly = await exportOf(scenario, 0, 1, { view: 'NEW_IMAGE' });
    expect(expectFailure(await capture(scenario, [newOnly]), 3, 'PREFLIGHT').fix).toContain('NEW_AND_OLD_IMAGES');
    const first = await exportOf(scenario, 0, 1);
    const both = await exportOf(scenario, 0, 2);
    expectDone(await capture(scenario, [first]));
    const overlap = expectFailure(await capture(scenario, [both]), 6, 'STREAM_GAP');
    expect(overlap.message).toContain('they overlap');
    expect(overlap.fix).toContain(`ExportFromTime=${TIMES[1]}`);
    const later = await exportOf(scenario, 1, 2, { from: '2024-06-01T00:16:00.000Z' });
    expect(expectFailure(await capture(scenario, [later]), 6, 'STREAM_GAP').message).toContain('not known');
    const full = await putNativeExport(world.source, { bucket: scenario.buckets.source, prefix: 'f/', files: [] });
    expectFailure(await capture(scenario, [`s3://${scenario.buckets.source}/${full}`]), 6, 'MANIFEST_INVALID');
    const damaged = await exportOf(scenario, 1, 2, { change: (lines, file) => (file === 1 ? `${lines}{}\n` : lines) });
    expectFailure(await capture(scenario, [damaged]), 6, 'DATA_DAMAGED');
    scenario.yaml.replicate = { ttlDeletes: 'skip' };
    expect(expectFailure(await capture(scenario, [first]), 3, 'PREFLIGHT').message).toContain('ttlDeletes');
  });

  test('are not applied onto an export of another moment', async () => {
    const scenario = await prepare();
    expectDone(await scenario.run('run'));
    expectDone(await capture(scenario, [await exportOf(scenario, 1, 2)]));
    expectDone(await scenario.run('transfer', ['--changes', '--until-caught-up']));
    const env = siteEnvironment.target;
    const refused = await scenario.run('apply', ['--until-caught-up'], { env });
    expect(expectFailure(refused, 3, 'EXPORT_TOO_OLD').message).toContain(TIMES[1]);
  });
});
