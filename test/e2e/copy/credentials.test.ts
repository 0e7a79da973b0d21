import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CopyObject } from '../../world/copy-objects.ts';
import { newFolder } from '../../world/home.ts';
import { siteIdentities, type SiteName } from '../../world/site.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, expectCopied, expectCopyFailure, MIB } from './copy-scenario.ts';

const world = await useWorld('s3');

const objects: CopyObject[] = [
  ...Array.from({ length: 12 }, (_, i) => ({ key: `k/${i}`, sizeBytes: 100 + i, tags: { n: String(i) } })),
  { key: 'parts', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
];

function authorizationOf(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization');
  return at < 0 ? undefined : rawHeaders[at + 1];
}

/** The access keys that were used at each side. */
function watchKeys(scenario: CopyScenario): Record<SiteName, Set<string>> {
  const used = { source: new Set<string>(), target: new Set<string>() };
  scenario.listeners.add(({ site, moment, rawHeaders }) => {
    const authorization = authorizationOf(rawHeaders);
    if (moment === 'arrived') used[site].add(/Credential=([^/]+)\//.exec(authorization ?? '')?.[1] ?? 'none');
  });
  return used;
}

test('each side is only ever asked with its own key', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  const used = watchKeys(scenario);
  expectCopied(await scenario.run(), { copied: objects.length });
  expect(used).toEqual({
    source: new Set([siteIdentities.source.credentials.accessKeyId]),
    target: new Set([siteIdentities.target.credentials.accessKeyId]),
  });
});

test('a public bucket is read without credentials, and nothing is signed at the source', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  const bucket = scenario.buckets.source;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject', 's3:GetObjectTagging', 's3:ListBucket'],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  });
  await world.source.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  scenario.yaml.source['credentials'] = 'anonymous';
  const used = watchKeys(scenario);
  expectCopied(await scenario.run(), { copied: objects.length });
  expect(used.source).toEqual(new Set(['none']));
  await scenario.expectEqual(objects.length);
});

/** A home whose profile `session` gets its keys from a program, which notes down that it was asked. */
function homeWithProcess(): { home: string; asked: () => number } {
  const home = newFolder();
  mkdirSync(join(home, '.aws'));
  const { accessKeyId, secretAccessKey } = siteIdentities.source.credentials;
  const keys = JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Expiration: '2099-01-01T00:00:00Z',
  });
  const log = join(home, 'asked');
  writeFileSync(log, '');
  writeFileSync(join(home, 'keys.json'), keys);
  const script = join(home, 'keys.sh');
  writeFileSync(script, `#!/bin/sh\necho asked >> '${log}'\ncat '${join(home, 'keys.json')}'\n`, { mode: 0o700 });
  writeFileSync(join(home, '.aws', 'config'), `[profile session]\ncredential_process = ${script}\n`);
  return { home, asked: () => readFileSync(log, 'utf8').split('\n').length - 1 };
}

test('a session that expires while the copy runs is fetched again, and nothing fails', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  delete scenario.yaml.source['credentials'];
  scenario.yaml.source['profile'] = 'session';
  const { home, asked } = homeWithProcess();
  // At a listing, a small object, a part and a question.
  scenario.proxies.source.plan.replaceRules(
    ['ListObjectsV2', 'GetObject', 'HeadObject'].map((operation) => ({
      fault: { kind: 'refuse' as const, status: 400, code: 'ExpiredToken' },
      operations: [operation],
      at: [1],
    })),
  );
  expectCopied(await scenario.run([], { home }), { copied: objects.length });
  expect(scenario.proxies.source.plan.injected('refuse')).toBe(3);
  expect(asked()).toBeGreaterThanOrEqual(2);
  await scenario.expectEqual(objects.length);
});

test('a session that stays expired ends the copy with that as the reason (exit code 4)', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  scenario.proxies.target.plan.replaceRules([
    { fault: { kind: 'refuse', status: 400, code: 'ExpiredToken' }, operations: ['PutObject'] },
  ]);
  expectCopyFailure(await scenario.run(), 4, 'CREDENTIALS_EXPIRED');
});

const wrong: { what: string; prefix: string; id: string; secret: string; code: string }[] = [
  {
    what: "the other side's key",
    prefix: 'CHINA',
    id: 'global',
    secret: 'globalsecret0123456789',
    code: 'CREDENTIALS_REJECTED',
  },
  { what: 'a wrong secret', prefix: 'GLOBAL', id: 'global', secret: 'wrong', code: 'SIGNATURE_REJECTED' },
  { what: 'no key', prefix: 'CHINA', id: '', secret: '', code: 'CREDENTIALS_MISSING' },
];

test.each(wrong)(
  '$what is one clear error that names the side (exit code 4), and nothing is written',
  async ({ prefix, id, secret, code }) => {
    await using scenario = await CopyScenario.create(world);
    await scenario.fill('source', objects.slice(0, 3));
    const env: Record<string, string> = {
      GLOBAL_AWS_ACCESS_KEY_ID: 'global',
      GLOBAL_AWS_SECRET_ACCESS_KEY: 'globalsecret0123456789',
      CHINA_AWS_ACCESS_KEY_ID: 'china',
      CHINA_AWS_SECRET_ACCESS_KEY: 'chinasecret0123456789',
      [`${prefix}_AWS_ACCESS_KEY_ID`]: id,
      [`${prefix}_AWS_SECRET_ACCESS_KEY`]: secret,
    };
    const result = await scenario.run([], { env });
    const { message } = expectCopyFailure(result, 4, code);
    expect(message).toMatch(prefix === 'CHINA' ? /^target: / : /^source: /);
    if (secret !== '') expect(`${result.stdout}${result.stderr}`).not.toContain(`"${secret}`);
    expect((await scenario.compare()).equal).toBe(0);
  },
);
