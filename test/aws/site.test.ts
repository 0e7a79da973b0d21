import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSite, type Site, type SiteSettings } from '../../src/aws/site.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { AnsweringService, s3Error, type Answer } from './answers.ts';
import { makeCertificate } from './certificate.ts';

const certificate = makeCertificate();
afterAll(() => certificate.remove());

const env = { C_AWS_ACCESS_KEY_ID: 'AKID', C_AWS_SECRET_ACCESS_KEY: 'SECRET' };
const retry = { attemptsMax: 1, delayMsBase: 0, delayMsMax: 0 };

/** What a site with these settings sends for a GET, a PUT and a listing. */
async function sent(settings: Partial<SiteSettings>, answer: Answer = { status: 200 }) {
  await using service = await new AnsweringService(() => answer).start();
  const site = openSite('source', { region: 'us-west-2', endpoint: { s3: service.endpoint }, ...settings }, env);
  const bucket = new S3Bucket(site, 'b', { retry });
  const errors: unknown[] = [];
  for (const ask of [bucket.get('k'), bucket.put('k', Buffer.from('x')), bucket.check('p/')])
    await ask.catch((error: unknown) => errors.push(error));
  await bucket.close();
  return { asked: service.asked, errors };
}

describe('a site that is', () => {
  it('anonymous signs nothing and asks for no credentials', async () => {
    // No such profile: whoever asks for credentials fails.
    const { asked, errors } = await sent({ anonymous: true, profile: 'no-such-profile-4711' });
    expect(errors).toEqual([]);
    expect(asked).toHaveLength(3);
    for (const { headers } of asked)
      expect(Object.keys(headers).filter((name) => /^authorization$|^x-amz-(?!meta)/.test(name))).toEqual([]);
  });

  it('anonymous and not let in is told to have credentials', async () => {
    const { errors } = await sent({ anonymous: true }, { status: 403, body: s3Error('AccessDenied') });
    expect(errors[0]).toMatchObject({ code: 'ACCESS_DENIED', fix: expect.stringContaining('anonymous') as string });
  });

  it('to pay for requests says so in each of them, signed', async () => {
    const { asked } = await sent({ requestPayer: true, environmentPrefix: 'C_' });
    expect(asked).toHaveLength(3);
    for (const { headers } of asked) {
      expect(headers['x-amz-request-payer']).toBe('requester');
      expect(headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-request-payer/);
    }
    const { asked: others } = await sent({ environmentPrefix: 'C_' });
    for (const { headers } of others) expect(headers['x-amz-request-payer']).toBeUndefined();
  });
});

describe('a proxy that a variable holds', () => {
  const settings = { region: 'us-west-2', proxy: 'env:ACME_PROXY' };

  it('is the one of its URL, with user and password', () => {
    const { route } = openSite('source', settings, { ACME_PROXY: 'http://user:pass@proxy.acme.example:3128' });
    expect(route?.('https://a').proxy).toMatchObject({
      host: 'proxy.acme.example:3128',
      authorization: expect.any(String) as string,
    });
  });

  it('is told by the name of the variable where that is not set', () => {
    expect(() => openSite('source', settings, {})).toThrow(
      'source: proxy: the environment variable ACME_PROXY is not set',
    );
  });
});

describe('the bucket', () => {
  const endpoint = { s3: 'http://127.0.0.1:1' };
  it.each<[boolean, Partial<SiteSettings>]>([
    [false, {}],
    [true, { endpoint }],
    [true, { pathStyle: true }],
    [false, { endpoint, pathStyle: false }],
  ])('is named in the path: %s for %o', (expected, settings) => {
    expect(openSite('source', { region: 'us-west-2', ...settings }).s3PathStyle).toBe(expected);
  });
});

describe('a CA file that', () => {
  const damaged = join(dirname(certificate.certPath), 'damaged.pem');
  writeFileSync(damaged, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  const keyFile = join(dirname(certificate.certPath), 'key.pem');

  it.each([
    ['is not there', '/no/such/file.pem', 'cannot be read (ENOENT)'],
    ['is a folder', dirname(certificate.certPath), 'cannot be read (EISDIR)'],
    ['is something else', keyFile, 'holds no certificate'],
    ['is damaged', damaged, 'holds a certificate that cannot be read'],
  ])('%s is CONFIG_INVALID, once it is needed', (_, caFile, what) => {
    const site: Site = openSite('target', { region: 'us-west-2', caFile });
    let error: unknown;
    try {
      void new S3Bucket(site, 'b').close();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DynaferryError);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: `target: caFile: ${caFile} ${what}` });
  });

  it('is whole is read once for all clients of the site', () => {
    const { route } = openSite('target', { region: 'us-west-2', caFile: certificate.certPath });
    expect(route?.('https://a').secureContext).toBeDefined();
    expect(route?.('https://a').secureContext).toBe(route?.('https://b').secureContext);
  });
});
