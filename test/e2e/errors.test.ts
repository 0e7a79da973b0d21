import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { listObjects, readObject } from '../world/bucket.ts';
import { newFolder } from '../world/home.ts';
import { siteIdentities, type SiteName } from '../world/site.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, writeWireItems } from '../world/wire-table.ts';
import { expectDone, expectFailure, Scenario, siteEnvironment } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const both = { ...siteEnvironment.source, ...siteEnvironment.target };

async function prepare(options?: Parameters<typeof Scenario.create>[1]): Promise<Scenario> {
  const scenario = await Scenario.create(world, options);
  await writeWireItems(world.source, scenario.sourceTable, generateProfiles({ items: 300, seed: 2, match: 0.5 }));
  scenario.yaml.policy = structuredClone(userPolicy);
  return scenario;
}

describe('what does not exist', () => {
  test.each([
    ['the source table', 'TABLE_NOT_FOUND', (s: Scenario) => (s.yaml.source.table = 'no-such-table')],
    ["the source's bucket", 'BUCKET_NOT_FOUND', (s: Scenario) => (s.yaml.source.staging = 's3://no-such-bucket-1/')],
    ["the target's bucket", 'BUCKET_NOT_FOUND', (s: Scenario) => (s.yaml.target.staging = 's3://no-such-bucket-2/')],
  ])('%s', async (_, code, change) => {
    const scenario = await prepare();
    const name = change(scenario);
    const { message } = expectFailure(await scenario.run('run'), 5, code);
    expect(message).toContain(name.replace('/', '').replace('s3:/', 's3://').replace(/\/$/, ''));
  });
});

describe('credentials', () => {
  const pairOf = (
    prefix: string,
    { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
  ) => ({
    [`${prefix}_AWS_ACCESS_KEY_ID`]: accessKeyId,
    [`${prefix}_AWS_SECRET_ACCESS_KEY`]: secretAccessKey,
  });

  test.each([
    ['source', 'GLOBAL', 'aws'],
    ['target', 'CHINA', 'aws-cn'],
  ] as const)(
    "that are the other side's are refused at the %s with what that means",
    async (site, prefix, partition) => {
      const scenario = await prepare();
      const other = siteIdentities[site === 'source' ? 'target' : 'source'].credentials;
      const result = await scenario.run('run', [], { env: { ...both, ...pairOf(prefix, other) } });
      // DynamoDB Local keeps tables apart by key and so has no such table for a stranger; the object store knows keys.
      const { message } = expectRejected(result, site === 'source' ? 3 : 4);
      expect(message).toContain('InvalidAccessKeyId');
      expect(message).toContain(`${site}: `);
      expect(message).toContain(partition);
      expect(message).not.toContain(other.secretAccessKey);
    },
  );

  /** At the source the table of a stranger is missing too, which makes two findings of different kinds. */
  function expectRejected(result: Awaited<ReturnType<Scenario['run']>>, exitCode: number) {
    return expectFailure(result, exitCode, exitCode === 3 ? 'PREFLIGHT' : 'CREDENTIALS_REJECTED');
  }

  test.each([
    ['source', 'GLOBAL'],
    ['target', 'CHINA'],
  ] as const)('with a wrong secret are refused at the %s, and the secret is not shown', async (site, prefix) => {
    const scenario = await prepare();
    const { accessKeyId } = siteIdentities[site].credentials;
    const wrong = pairOf(prefix, { accessKeyId, secretAccessKey: 'a-secret-that-is-wrong' });
    const result = await scenario.run('run', [], { env: { ...both, ...wrong } });
    const { message } = expectFailure(result, 4, 'SIGNATURE_REJECTED');
    expect(message).toContain(`${site}: `);
    expect(result.stdout + result.stderr).not.toContain('a-secret-that-is-wrong');
  });
});

describe('staged objects that somebody touched between the stages', () => {
  const isData = (key: string): boolean => key.includes('/data/');

  async function staged(...stages: string[]): Promise<Scenario> {
    const scenario = await prepare();
    for (const stage of stages) expectDone(await scenario.run(stage));
    return scenario;
  }

  async function touch(
    scenario: Scenario,
    site: SiteName,
    change: (body: Buffer) => Buffer | undefined,
  ): Promise<string> {
    const { s3 } = world[site];
    const Bucket = scenario.buckets[site];
    const Key = (await listObjects(s3, Bucket)).map(({ key }) => key).find(isData) ?? '';
    const { body, metadata } = await readObject(s3, Bucket, Key);
    const changed = change(body);
    if (changed === undefined) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    else await s3.send(new PutObjectCommand({ Bucket, Key, Body: changed, Metadata: metadata }));
    return `s3://${Bucket}/${Key}`;
  }

  const withOneBitChanged = (body: Buffer): Buffer => {
    const changed = Buffer.from(body);
    changed[changed.length >> 1] ^= 1;
    return changed;
  };
  const cutShort = (body: Buffer): Buffer => body.subarray(0, -50);

  test.each([
    ['removed', () => undefined, 5, ['OBJECT_NOT_FOUND']],
    ['changed', withOneBitChanged, 6, ['DATA_DAMAGED', 'SOURCE_CHANGED']],
    ['cut short', cutShort, 6, ['DATA_DAMAGED', 'SOURCE_CHANGED']],
  ] as const)('%s at the source: transfer refuses it and names it', async (_, change, exitCode, codes) => {
    const scenario = await staged('export');
    const uri = await touch(scenario, 'source', change);
    const result = await scenario.run('transfer');
    const error = result.events.at(-1)?.['error'] as { code: string } | undefined;
    const code = error?.code ?? '';
    expect(codes).toContain(code);
    const { message } = expectFailure(result, exitCode, code);
    expect(message).toContain(uri);
    const arrived = (await listObjects(world.target.s3, scenario.buckets.target)).map(({ key }) => key);
    expect(arrived).not.toContain(uri.replace(`s3://${scenario.buckets.source}/`, ''));
  });

  test.each([
    ['removed', () => undefined, 5, 'OBJECT_NOT_FOUND'],
    ['changed', withOneBitChanged, 6, 'DATA_DAMAGED'],
    ['cut short', cutShort, 6, 'DATA_DAMAGED'],
  ] as const)(
    '%s at the target: load refuses it and names it; carried again, all is loaded',
    async (_, change, exitCode, code) => {
      const scenario = await staged('export', 'transfer');
      const uri = await touch(scenario, 'target', change);
      const { message, fix } = expectFailure(await scenario.run('load'), exitCode, code);
      expect(message).toContain(uri);
      expect(fix).toContain('dynaferry transfer');
      // What the message says to do.
      await touch(scenario, 'target', () => undefined).catch(() => undefined);
      expectDone(await scenario.run('transfer'));
      expectDone(await scenario.run('load'));
      expect(await scenario.compare(userOracle)).toMatchObject({ missing: [], extra: [], different: [] });
    },
  );

  test('a manifest is refused that lists what is not there', async () => {
    const scenario = await staged('export', 'transfer');
    const { target } = world;
    const Bucket = scenario.buckets.target;
    const keys = (await listObjects(target.s3, Bucket)).map(({ key }) => key);
    // Read as anybody's export, by its manifest alone.
    for (const Key of keys.filter((key) => key.includes('/dynaferry/') || isData(key)))
      await target.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    delete scenario.yaml.policy.filter;
    delete scenario.yaml.policy.attributes;
    scenario.yaml.target.table = await target.createTable();
    const { message } = expectFailure(await scenario.run('load', ['--state-dir', newFolder()]), 5, 'OBJECT_NOT_FOUND');
    expect(message).toContain('is in the manifest and not in the bucket');
    expect(await readWireItems(target, scenario.yaml.target.table)).toEqual([]);
  });
});

describe('two processes that export the same migration from machines that know nothing of each other', () => {
  test('do not mix: one is refused, the other finishes', async () => {
    await using sites = await WatchedSites.start(world);
    const scenario = await prepare({ endpoints: sites.endpoints });
    scenario.yaml.export = { segments: 64, objectSize: '16 KiB' };
    scenario.yaml.limits = { read: 30 };
    const begun = new Promise<void>((fulfil) => {
      sites.listeners.add(({ operation, path, moment }) => {
        if (operation === 'PutObject' && path.endsWith('/export.json') && moment === 'answered') fulfil();
      });
    });
    const start = () => scenario.run('export', ['--state-dir', newFolder()]);
    const first = start();
    await begun;
    const results = await Promise.all([first, start()]);
    const codes = results.map(({ code }) => code).sort((a, b) => (a ?? 0) - (b ?? 0));
    expect(codes).toEqual([0, 10]);
    for (const result of results.filter(({ code }) => code !== 0)) expectFailure(result, 10, 'LOCKED');
    for (const stage of ['transfer', 'load']) expectDone(await scenario.run(stage));
    expect(await scenario.compare(userOracle)).toMatchObject({ missing: [], extra: [], different: [] });
  });
});
