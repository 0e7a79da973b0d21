import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { listObjects, readObject } from '../world/bucket.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, writeWireItems, type WireItem } from '../world/wire-table.ts';
import { paddedProfiles } from './profiles.ts';
import { expectDone, Scenario } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';

const world = await useWorld('dynamodb', 's3');

const ITEMS = 2000;

/** A table of plain and odd items: every type, deep nesting, sets, numbers at the limits, odd names, close to 400 KB. */
async function migrate(change: (scenario: Scenario) => void) {
  const scenario = await Scenario.create(world);
  const items = paddedProfiles({ items: ITEMS, seed: 20, match: 0.4, exotic: true }, 400);
  await writeWireItems(world.source, scenario.sourceTable, items);
  scenario.yaml.policy = userPolicy;
  change(scenario);
  const summary = expectDone(await scenario.run('run'));
  const before = await readWireItems(world.source, scenario.sourceTable);
  const after = await readWireItems(world.target, scenario.targetTable);
  return { scenario, summary, before, after };
}

const texts = (items: WireItem[]): string[] => items.map(wireJson).sort();

describe.each([
  { compression: 'gzip', pushDown: true, decompress: gunzipSync },
  { compression: 'zstd', pushDown: false, decompress: zstdDecompressSync },
])('dynaferry run with $compression, push-down $pushDown', async ({ compression, pushDown, decompress }) => {
  const { scenario, summary, before, after } = await migrate(({ yaml }) => {
    yaml.export = { compression, pushDown, objectSize: '64 KiB', segments: 64 };
  });
  const expected = before.map(userOracle).filter((item) => item !== undefined);

  test('the target is the policy applied to the source, item by item, to the last digit', () => {
    expect(before).toHaveLength(ITEMS);
    expect(expected.length).toBeGreaterThan(ITEMS / 4);
    expect(texts(after)).toEqual(texts(expected));
  });

  test('the items held every type, and names that are hard on JavaScript objects', () => {
    const all = JSON.stringify(after);
    for (const type of ['S', 'N', 'B', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M'])
      expect(all).toContain(`{"${type}":`);
    for (const name of ['__proto__', 'constructor', '[0]', '0', 'COUNTRY', '😀'])
      expect(all).toContain(JSON.stringify(name));
    expect(all).toContain('12345678901234567890123456789012345678');
  });

  test('every item is accounted for by counts made independently', () => {
    const passed = expected.length;
    expect(summary).toMatchObject({
      read: ITEMS,
      filtered: ITEMS - passed,
      passed,
      written: passed,
      skipped: 0,
      deadLettered: 0,
      verify: { equal: passed, missing: 0, extra: 0, different: 0 },
    });
  });

  test.each(['source', 'target'] as const)(
    "the %s's staging holds an export in DynamoDB's own format",
    async (site) => {
      const { s3 } = world[site];
      const bucket = scenario.buckets[site];
      const keys = (await listObjects(s3, bucket)).map(({ key }) => key);
      const read = async (key: string) => (await readObject(s3, bucket, key)).body;
      const summaryKey = keys.find((key) => key.endsWith('/manifest-summary.json')) ?? '';
      expect(summaryKey).toMatch(/^staging\/users-to-china\/AWSDynamoDB\/[0-9]+-[0-9a-f]+\/manifest-summary\.json$/);
      const root = summaryKey.slice(0, summaryKey.lastIndexOf('/') + 1);
      const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('base64');

      const manifestSummary = JSON.parse((await read(summaryKey)).toString()) as Record<string, unknown>;
      expect(manifestSummary).toMatchObject({
        version: '2020-06-30',
        s3Bucket: bucket,
        manifestFilesS3Key: `${root}manifest-files.json`,
        itemCount: expected.length,
        outputFormat: 'DYNAMODB_JSON',
      });
      for (const name of ['manifest-summary', 'manifest-files'])
        expect((await read(`${root}${name}.md5`)).toString()).toBe(md5(await read(`${root}${name}.json`)));

      const manifest = (await read(`${root}manifest-files.json`)).toString().trimEnd().split('\n');
      const files = manifest.map(
        (line) => JSON.parse(line) as { dataFileS3Key: string; md5Checksum: string; itemCount: number },
      );
      expect(files.length).toBeGreaterThan(3);
      expect(keys.filter((key) => key.startsWith(`${root}data/`))).toEqual(
        files.map((file) => file.dataFileS3Key).sort(),
      );
      const staged: WireItem[] = [];
      for (const { dataFileS3Key, md5Checksum, itemCount } of files) {
        const body = await read(dataFileS3Key);
        expect(md5(body)).toBe(md5Checksum);
        const lines = decompress(body).toString().trimEnd().split('\n');
        expect(lines).toHaveLength(itemCount);
        staged.push(...lines.map((line) => (JSON.parse(line) as { Item: WireItem }).Item));
      }
      expect(texts(staged)).toEqual(texts(expected));
    },
  );
});
