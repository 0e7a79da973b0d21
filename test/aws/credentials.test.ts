import { createHash } from 'node:crypto';
import dns from 'node:dns';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorCode } from '../../src/model/error-catalogue.ts';
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
  vi.restoreAllMocks();
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

  it('of a role are asked for again where they have expired and STS is away, and are missing where it never gave any', async () => {
    const sts = createServer((_request, response) => {
      const expiration = new Date(Date.now() + 60_000).toISOString();
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>AK</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      );
    }).listen(0, '127.0.0.1');
    await once(sts, 'listening');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`);
    const env = { CHINA_AWS_ACCESS_KEY_ID: 'CN', CHINA_AWS_SECRET_ACCESS_KEY: 'cn-secret' };
    const role = { arn: 'arn:aws-cn:iam::444455556666:role/dynaferry' };
    const source = { region: 'cn-north-1', environmentPrefix: 'CHINA_', role };
    const provider = credentialProvider('target', source, env);
    expect((await provider()).accessKeyId).toBe('AK');
    sts.closeAllConnections();
    sts.close();
    await expect(provider({ refresh: true })).rejects.toMatchObject({ code: 'UNREACHABLE', retry: 'yes' });
    await expect(credentialProvider('target', source, env)()).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
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

  it('of IAM Identity Center are asked for in its own region, those of a role in the region of the site', async () => {
    vi.stubEnv('HOME', folder);
    vi.stubEnv('AWS_REGION', undefined);
    mkdirSync(join(folder, '.aws/sso/cache'), { recursive: true });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const token = JSON.stringify({ accessToken: 'token', expiresAt });
    const cached = createHash('sha1').update('acme').digest('hex');
    writeFileSync(join(folder, '.aws/sso/cache', `${cached}.json`), token);
    writeFileSync(
      join(folder, 'config'),
      `[sso-session acme]
sso_start_url = https://acme.example/start
sso_region = eu-central-1
[profile sso]
region = us-west-2
sso_session = acme
sso_account_id = 111122223333
sso_role_name = dynaferry
[profile keys]
aws_access_key_id = AK
aws_secret_access_key = S
[profile role]
role_arn = arn:aws-cn:iam::444455556666:role/dynaferry
source_profile = keys
`,
    );
    const asked: string[] = [];
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, _options: unknown, done: (error: Error) => void) => {
      asked.push(name);
      done(Object.assign(new Error(`no ${name} here`), { code: 'ENOTFOUND' }));
    }) as unknown as typeof dns.lookup);
    const hosts = async (source: Parameters<typeof credentialProvider>[1]): Promise<string[]> => {
      asked.length = 0;
      await expect(credentialProvider('source', source)()).rejects.toMatchObject({ code: 'CREDENTIALS_MISSING' });
      return [...new Set(asked)];
    };
    expect(await hosts({ region: 'us-west-2', profile: 'sso' })).toEqual(['portal.sso.eu-central-1.amazonaws.com']);
    expect(await hosts({ region: 'cn-north-1', profile: 'role' })).toEqual(['sts.cn-north-1.amazonaws.com.cn']);
    const role = { arn: 'arn:aws-cn:iam::444455556666:role/dynaferry' };
    expect(await hosts({ region: 'cn-northwest-1', profile: 'keys', role })).toEqual([
      'sts.cn-northwest-1.amazonaws.com.cn',
    ]);
  });

  it.each<[string, number, string, ErrorCode]>([
    ['InvalidClientTokenId', 403, 'The security token included in the request is invalid', 'CREDENTIALS_REJECTED'],
    ['AccessDenied', 403, 'User: x is not authorized to perform: sts:AssumeRole', 'ACCESS_DENIED'],
    ['SignatureDoesNotMatch', 403, 'The request signature we calculated does not match', 'SIGNATURE_REJECTED'],
    ['SignatureDoesNotMatch', 403, 'Signature expired: 20260101T000000Z is now earlier than', 'CLOCK_SKEW'],
    ['ExpiredTokenException', 400, 'The security token included in the request is expired', 'CREDENTIALS_EXPIRED'],
  ])('that STS refuses with %s are %s', async (code, status, message, expected) => {
    const sts = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(
        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
      );
    }).listen(0, '127.0.0.1');
    await once(sts, 'listening');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`);
    vi.stubEnv('CHINA_AWS_ACCESS_KEY_ID', 'CN');
    vi.stubEnv('CHINA_AWS_SECRET_ACCESS_KEY', 'cn-secret');
    const role = { arn: 'arn:aws-cn:iam::444455556666:role/dynaferry' };
    const source = { region: 'cn-north-1', environmentPrefix: 'CHINA_', role };
    await expect(credentialProvider('target', source)()).rejects.toMatchObject({ code: expected });
    sts.closeAllConnections();
    sts.close();
  });
});
