import { describe, expect, test } from 'vitest';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, type WireItem } from '../world/wire-table.ts';
import { putNativeExport, type NativeExportOptions } from './native-export.ts';
import { expectDone, expectFailure, Scenario, siteEnvironment } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

/** Numbers in the form that DynamoDB gives them back in, so that texts can be compared. */
const items = [...generateProfiles({ items: 400, seed: 11, match: 0.5 })].map((text, n) =>
  text.replace(
    /\}$/,
    `,"n":{"N":"${n}.5"},"set":{"NS":["1","${n + 2}"]},"bytes":{"B":"AP8="},"deep":{"M":{"l":{"L":[{"NULL":true}]}}}}`,
  ),
);
const files = [items.slice(0, 150), [], items.slice(150, 151), items.slice(151), []];
const parsed = items.map((text) => JSON.parse(text) as WireItem);
const texts = (all: WireItem[]): string[] => all.map(wireJson).sort();

/** A migration whose target table is there, since an export does not hold the definition of its table. */
async function prepare(endpoints?: WatchedSites['endpoints']): Promise<Scenario> {
  const scenario = await Scenario.create(world, endpoints && { endpoints });
  scenario.yaml.target.table = await world.target.createTable();
  return scenario;
}

const targetItems = (scenario: Scenario): Promise<WireItem[]> =>
  readWireItems(world.target, scenario.yaml.target.table);

describe('a native export as the source', () => {
  test.each([
    ['where DynamoDB put it', { prefix: 'exports/' }],
    ['at the root of a bucket', { prefix: '' }],
    ['moved to another prefix', { prefix: 'exports/', movedTo: 'archive/2024/users/' }],
    ['that names its type', { prefix: 'exports/', summary: { exportType: 'FULL_EXPORT' } }],
  ] as [string, Pick<NativeExportOptions, 'prefix' | 'movedTo'>][])(
    '%s goes through the policy, and no table is read',
    async (_, where) => {
      await using sites = await WatchedSites.start(world);
      const scenario = await prepare(sites.endpoints);
      const { source } = scenario.buckets;
      const folder = await putNativeExport(world.source, { bucket: source, files, ...where });
      delete scenario.yaml.source.table;
      scenario.yaml.source.export = `s3://${source}/${folder}`;
      scenario.yaml.policy = userPolicy;
      const summary = expectDone(await scenario.run('run'));
      const expected = parsed.map(userOracle).filter((item) => item !== undefined);
      expect(texts(await targetItems(scenario))).toEqual(texts(expected));
      expect(summary).toMatchObject({
        read: items.length,
        filtered: items.length - expected.length,
        written: expected.length,
        verify: { equal: expected.length, missing: 0, extra: 0, different: 0 },
      });
      expect(sites.proxies.source.dynamodb.requests()).toBe(0);
    },
  );

  test.each([
    ['a changed byte', { damage: (body, n) => (n === 3 ? withOneBitChanged(body) : body) }, 6, 'DATA_DAMAGED'],
    ['a file cut short', { damage: (body, n) => (n === 3 ? body.subarray(0, -20) : body) }, 6, 'DATA_DAMAGED'],
    [
      'another number of items',
      { change: (entry, n) => ({ ...entry, itemCount: entry.itemCount + (n === 3 ? 1 : 0) }) },
      6,
      'DATA_DAMAGED',
    ],
    ['a file that is not there', { damage: (body, n) => (n === 3 ? undefined : body) }, 5, 'OBJECT_NOT_FOUND'],
    [
      'a manifest that is not its checksum',
      { damageManifest: (body) => body.subarray(0, -200) },
      6,
      'MANIFEST_INVALID',
    ],
    ['another format', { summary: { outputFormat: 'ION' } }, 6, 'MANIFEST_INVALID'],
    ['only the changes', { summary: { exportType: 'INCREMENTAL_EXPORT' } }, 6, 'MANIFEST_INVALID'],
  ] as [string, Partial<NativeExportOptions>, number, string][])(
    'with %s is refused',
    async (_, damage, exitCode, code) => {
      const scenario = await prepare();
      const { source } = scenario.buckets;
      const folder = await putNativeExport(world.source, { bucket: source, prefix: 'exports/', files, ...damage });
      delete scenario.yaml.source.table;
      scenario.yaml.source.export = `s3://${source}/${folder}`;
      expectFailure(await scenario.run('run'), exitCode, code);
      const damaged = new Set(files[3].map((text) => (JSON.parse(text) as WireItem)['PK'].S));
      const written = await targetItems(scenario);
      expect(written.filter(({ PK }) => damaged.has(PK.S))).toEqual([]);
    },
  );
});

describe('a native export in the target staging', () => {
  const load = (scenario: Scenario) => scenario.run('load', [], { env: siteEnvironment.target });
  const put = (scenario: Scenario, more: Partial<NativeExportOptions> = {}) =>
    putNativeExport(world.target, {
      bucket: scenario.buckets.target,
      prefix: 'staging/users-to-china/',
      files,
      ...more,
    });

  test("is loaded as it is, with the target's credentials alone", async () => {
    const scenario = await prepare();
    await put(scenario);
    expect(expectDone(await load(scenario))).toMatchObject({ written: items.length, deadLettered: 0 });
    expect(texts(await targetItems(scenario))).toEqual(texts(parsed));
  });

  test('is loaded where it was copied to', async () => {
    const scenario = await prepare();
    await put(scenario, { prefix: 'exports/', movedTo: 'staging/users-to-china/AWSDynamoDB/01717200000000-a1b2c3d4/' });
    expectDone(await load(scenario));
    expect(texts(await targetItems(scenario))).toEqual(texts(parsed));
  });

  test('is refused under a policy, which it did not pass', async () => {
    const scenario = await prepare();
    await put(scenario);
    scenario.yaml.policy = { filter: "country = 'China'" };
    expectFailure(await load(scenario), 6, 'POLICY_MISMATCH');
    expect(await targetItems(scenario)).toEqual([]);
  });

  test('of which one file is damaged: nothing of that file is written, and after mending it all is there', async () => {
    const scenario = await prepare();
    await put(scenario, { damage: (body, n) => (n === 3 ? withOneBitChanged(body) : body) });
    const { message } = expectFailure(await load(scenario), 6, 'DATA_DAMAGED');
    expect(message).toContain(`s3://${scenario.buckets.target}/staging/users-to-china/AWSDynamoDB/`);
    const damaged = new Set(files[3].map((text) => (JSON.parse(text) as WireItem)['PK'].S));
    expect((await targetItems(scenario)).filter(({ PK }) => damaged.has(PK.S))).toEqual([]);
    await put(scenario);
    expect(expectDone(await load(scenario))).toMatchObject({ written: items.length });
    expect(texts(await targetItems(scenario))).toEqual(texts(parsed));
  });
});

/** In the middle, where compressed data is. */
function withOneBitChanged(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  changed[changed.length >> 1] ^= 1;
  return changed;
}
