import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CopyObject } from '../../world/copy-objects.ts';
import type { FaultRule } from '../../world/fault.ts';
import { siteIdentities } from '../../world/site.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, expectCopied, expectCopyFailure, MIB, summaryOf } from './copy-scenario.ts';

const world = await useWorld('s3');

const refused = (path: RegExp, code = 'AccessDenied'): FaultRule => ({
  fault: { kind: 'refuse', status: 403, code },
  operations: ['GetObject', 'HeadObject'],
  path,
});

const objects: CopyObject[] = [
  ...Array.from({ length: 20 }, (_, i) => ({ key: `k/${i}`, sizeBytes: 100 + i })),
  { key: 'parts', sizeBytes: 6 * MIB, partSizeBytes: 5 * MIB },
];

test('objects that cannot be read do not stop the others, are told of with reasons, and are all that --retry-failed copies', async () => {
  const rules = { source: [refused(/\/k\/3(\?|$)/), refused(/\/parts(\?|$)/)] };
  await using scenario = await CopyScenario.create(world, { rules });
  await scenario.fill('source', objects);
  const first = await scenario.run();
  expectCopyFailure(first, 8, 'OBJECTS_FAILED');
  expect(summaryOf(first)).toMatchObject({
    listed: 21,
    copied: 19,
    failed: 2,
    failures: [{ code: 'ACCESS_DENIED', objects: 2, reason: expect.stringContaining('not allowed') as string }],
  });
  const failed = (keys: string[]): object[] =>
    keys.map(
      (key) =>
        expect.objectContaining({
          key,
          code: 'ACCESS_DENIED',
          reason: expect.stringContaining(key) as string,
        }) as object,
    );
  expect(scenario.failed().toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(failed(['k/3', 'parts']));

  // One of them can be read by now.
  scenario.proxies.source.plan.replaceRules([refused(/\/parts(\?|$)/)]);
  const listed = scenario.proxies.source.requests('ListObjectsV2');
  const second = await scenario.run(['--retry-failed']);
  expect(expectCopyFailure(second, 8, 'OBJECTS_FAILED').message).toContain('1 object was not copied');
  expect(summaryOf(second)).toMatchObject({ listed: 2, copied: 1, failed: 1 });
  expect(scenario.proxies.source.requests('ListObjectsV2')).toBe(listed);
  expect(scenario.failed()).toEqual(failed(['parts']));

  scenario.proxies.source.plan.replaceRules([]);
  expectCopied(await scenario.run(['--retry-failed']), { listed: 1, copied: 1 });
  expect(scenario.failed()).toEqual([]);
  expectCopied(await scenario.run(['--retry-failed']), { listed: 0, copied: 0 });
  await scenario.expectEqual(21);
});

test('what failed stays known over a dry run, a killed run, and a run that could not begin', async () => {
  await using scenario = await CopyScenario.create(world, { rules: { source: [refused(/\/k\/3(\?|$)/)] } });
  await scenario.fill('source', objects);
  expectCopyFailure(await scenario.run(), 8, 'OBJECTS_FAILED');
  const failed = scenario.failed();
  expect(failed).toHaveLength(1);

  expect((await scenario.run(['--dry-run'])).code).toBe(0);
  expect(scenario.failed()).toEqual(failed);

  const running = scenario.start();
  scenario.listeners.add(({ operation }) => {
    if (operation === 'ListObjectsV2') running.process.kill('SIGKILL');
  });
  expect((await running.done).signal).toBe('SIGKILL');
  scenario.listeners.clear();

  for (const options of [['--retry-failed'], []]) {
    scenario.proxies.target.plan.replaceRules([
      {
        fault: { kind: 'refuse', status: 403, code: 'InvalidAccessKeyId' },
        operations: ['ListObjectsV2', 'PutObject'],
      },
    ]);
    scenario.proxies.source.plan.replaceRules([]);
    expectCopyFailure(await scenario.run(options), 4, 'CREDENTIALS_REJECTED');
    expect(scenario.failed()).toEqual(failed);
  }
  scenario.proxies.target.plan.replaceRules([]);
  expectCopied(await scenario.run(['--retry-failed']), { listed: 1, copied: 1 });
  await scenario.expectEqual(21);
});

test('an archived object is counted and listed as such, the others are copied, and it is copied once it is restored', async () => {
  const rules = { source: [refused(/\/k\/3(\?|$)/, 'InvalidObjectState')] };
  await using scenario = await CopyScenario.create(world, { rules });
  await scenario.fill('source', objects);
  const result = await scenario.run();
  expectCopyFailure(result, 8, 'OBJECT_ARCHIVED');
  expect(summaryOf(result)).toMatchObject({ copied: 20, archived: 1, failed: 0 });
  expect(scenario.failed()).toEqual([expect.objectContaining({ key: 'k/3', code: 'OBJECT_ARCHIVED' })]);
  scenario.proxies.source.plan.replaceRules([]);
  expectCopied(await scenario.run(), { same: 20, copied: 1 });
  expect(scenario.failed()).toEqual([]);
});

test('where every object is refused the copy ends early with that as the reason (exit code 4)', async () => {
  await using scenario = await CopyScenario.create(world, { rules: { source: [refused(/\/k\//)] } });
  await scenario.fill(
    'source',
    Array.from({ length: 80 }, (_, i) => ({ key: `k/${i}`, sizeBytes: 5 })),
  );
  expectCopyFailure(await scenario.run(), 4, 'ACCESS_DENIED');
});

test('no secret is in what is printed, kept or listed', async () => {
  await using scenario = await CopyScenario.create(world, { rules: { source: [refused(/\/k\/3(\?|$)/)] } });
  await scenario.fill('source', objects);
  const env = { DYNAFERRY_DEBUG: '1' };
  const results = [await scenario.run([], { env: { ...keysOfSites(), ...env } })];
  scenario.proxies.source.plan.replaceRules([refused(/./, 'SignatureDoesNotMatch')]);
  results.push(await scenario.run(['--retry-failed'], { env: { ...keysOfSites(), ...env } }));
  expect(results.map(({ code }) => code)).toEqual([8, 4]);
  const folder = join(scenario.folder, '.dynaferry', 'copy');
  expect(existsSync(join(folder, 'failed.jsonl'))).toBe(true);
  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
  const all = [...results.flatMap(({ stdout, stderr }) => [stdout, stderr]), ...kept].join('\n');
  for (const { credentials } of Object.values(siteIdentities)) expect(all).not.toContain(credentials.secretAccessKey);
  expect(all).not.toMatch(/AWS4-HMAC-SHA256|Signature=/);
});

function keysOfSites(): Record<string, string> {
  const { source, target } = siteIdentities;
  return {
    GLOBAL_AWS_ACCESS_KEY_ID: source.credentials.accessKeyId,
    GLOBAL_AWS_SECRET_ACCESS_KEY: source.credentials.secretAccessKey,
    CHINA_AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
    CHINA_AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
  };
}
