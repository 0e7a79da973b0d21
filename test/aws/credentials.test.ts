import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { credentialProvider } from '../../src/aws/credentials.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-credentials-'));
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A profile whose credentials come from a process that gives a new key each time; `lifeMs` from now, or failure. */
function processProfile(lifeMs: number): { fails: () => void } {
  const script = join(folder, 'give.sh');
  const write = (body: string): void => {
    writeFileSync(script, `#!/bin/sh\n${body}\n`);
    chmodSync(script, 0o700);
  };
  const expiration = new Date(Date.now() + lifeMs).toISOString();
  write(
    `echo x >> ${folder}/calls\nn=$(wc -l < ${folder}/calls | tr -d ' ')\necho "{\\"Version\\":1,\\"AccessKeyId\\":\\"AK$n\\",\\"SecretAccessKey\\":\\"S\\",\\"Expiration\\":\\"${expiration}\\"}"`,
  );
  writeFileSync(join(folder, 'config'), `[profile sso]\ncredential_process = ${script}\n`);
  return { fails: () => write('exit 1') };
}

const calls = (): number => readFileSync(join(folder, 'calls'), 'utf8').split('\n').length - 1;

describe('credentials', () => {
  it('of a profile are asked for once by all that wait for them, again when refused, and kept meanwhile', async () => {
    processProfile(3_600_000);
    const provider = credentialProvider('source', { region: 'us-west-2', profile: 'sso' });
    const first = await Promise.all([provider(), provider(), provider()]);
    expect(first.map((one) => one.accessKeyId)).toEqual(['AK1', 'AK1', 'AK1']);
    expect((await provider()).accessKeyId).toBe('AK1');
    const renewed = await Promise.all([provider({ refresh: true }), provider({ refresh: true })]);
    expect(renewed.map((one) => one.accessKeyId)).toEqual(['AK2', 'AK2']);
    expect((await provider()).accessKeyId).toBe('AK2');
    expect(calls()).toBe(2);
  });

  it('are renewed before their end; where that fails, those that still hold are used until the service refuses them', async () => {
    const profile = processProfile(60_000);
    const provider = credentialProvider('source', { region: 'us-west-2', profile: 'sso' });
    expect((await provider()).accessKeyId).toBe('AK1');
    expect((await provider()).accessKeyId).toBe('AK2');
    profile.fails();
    expect((await provider()).accessKeyId).toBe('AK2');
    await expect(provider({ refresh: true })).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
  });

  it('of an environment prefix are those, and no others', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'GLOBAL');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'global-secret');
    const provider = credentialProvider('target', { region: 'cn-north-1', environmentPrefix: 'CHINA_' });
    await expect(provider()).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringContaining('CHINA_AWS_ACCESS_KEY_ID') as string,
    });
    vi.stubEnv('CHINA_AWS_ACCESS_KEY_ID', 'CN');
    vi.stubEnv('CHINA_AWS_SECRET_ACCESS_KEY', 'cn-secret');
    expect(await provider()).toEqual({ accessKeyId: 'CN', secretAccessKey: 'cn-secret' });
    const other = credentialProvider('source', { region: 'us-west-2' });
    expect((await other()).accessKeyId).toBe('GLOBAL');
  });

  it('that are missing name profile and site', async () => {
    writeFileSync(join(folder, 'config'), '');
    const provider = credentialProvider('source', { region: 'us-west-2', profile: 'nobody' });
    await expect(provider()).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringMatching(/^source: .*profile 'nobody'/) as string,
    });
  });
});
