import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite, type SiteSettings } from '../../src/aws/site.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { AnsweringService } from './answers.ts';
import { makeCertificate } from './certificate.ts';
import { ConnectProxy } from './connect-proxy.ts';
import { HostileServer } from './hostile-server.ts';

const certificate = makeCertificate();
const long = Buffer.alloc(3_000_000, 'long');
let secure: Server;
let secureUrl: string;

beforeAll(async () => {
  secure = createServer(certificate, (request, response) => {
    let sent = 0;
    request.on('data', (chunk: Buffer) => (sent += chunk.length));
    request.on('end', () => response.setHeader('etag', `"${sent}"`).end(request.method === 'GET' ? long : ''));
  });
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  secureUrl = `https://localhost:${(secure.address() as AddressInfo).port}`;
});

afterAll(() => {
  secure.closeAllConnections();
  secure.close();
  certificate.remove();
});

const keys = { C_AWS_ACCESS_KEY_ID: 'AKID', C_AWS_SECRET_ACCESS_KEY: 'SECRET' };
const retry = { attemptsMax: 1, delayMsBase: 0, delayMsMax: 0 };

function bucketAt(s3: string, settings: Partial<SiteSettings>, env: Record<string, string> = {}): S3Bucket {
  const site = { region: 'cn-north-1', endpoint: { s3 }, environmentPrefix: 'C_', ...settings };
  return new S3Bucket(openSite('target', site, { ...keys, ...env }), 'b', { retry });
}

async function failure(work: () => Promise<unknown>): Promise<DynaferryError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DynaferryError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

async function refused(settings: Partial<SiteSettings>, s3 = secureUrl): Promise<DynaferryError> {
  const bucket = bucketAt(s3, settings);
  const error = await failure(() => bucket.head('k'));
  await bucket.close();
  expect(inspect(error, { depth: 9, showHidden: true }) + error.fix).not.toContain('p%ss');
  return error;
}

describe('an endpoint whose certificate a CA of our own has signed', () => {
  it('is reached with caFile, and not without', async () => {
    expect((await refused({})).message).toContain('the certificate of');
    const bucket = bucketAt(secureUrl, { caFile: certificate.certPath });
    expect((await bucket.get('k')).body.equals(long)).toBe(true);
    await bucket.close();
  });

  it.each(['http', 'https'])('is reached through an %s proxy, over connections that are used again', async (scheme) => {
    await using proxy = await ConnectProxy.start(scheme === 'https' ? certificate : undefined);
    const bucket = bucketAt(secureUrl, { caFile: certificate.certPath, proxy: proxy.url('us%40er:p%25ss@') });
    for (let round = 0; round < 3; round++) {
      expect((await bucket.get('k')).body.equals(long)).toBe(true);
      expect(await bucket.put('k', long)).toBe(`"${long.length}"`);
    }
    await bucket.close();
    const authorization = `Basic ${Buffer.from('us@er:p%ss').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: new URL(secureUrl).host, authorization }]);
  });

  it('is not believed because a proxy stands between', async () => {
    await using proxy = await ConnectProxy.start();
    const error = await refused({ proxy: proxy.url() });
    expect([error.code, error.retry]).toEqual(['CERTIFICATE_REJECTED', 'no']);
    expect(error.message).toContain(`the certificate of ${secureUrl} through the proxy ${proxy.host} is not accepted`);
  });
});

describe('an endpoint without TLS', () => {
  it('is reached through a tunnel too, which says nothing of a proxy without a password', async () => {
    await using service = await new AnsweringService(() => ({ status: 200, body: 'body' })).start();
    await using proxy = await ConnectProxy.start();
    const bucket = bucketAt(service.endpoint, { proxy: proxy.url() });
    expect((await bucket.get('k')).body.toString()).toBe('body');
    await bucket.close();
    expect(service.asked.map(({ url }) => url)).toEqual(['/b/k']);
    expect(proxy.asked).toEqual([{ target: new URL(service.endpoint).host, authorization: undefined }]);
  });
});

describe('a proxy that', () => {
  const answering = (answer: string) => (socket: Duplex) => void socket.write(answer);

  it.each([
    [
      'wants a password',
      'PROXY_REFUSED',
      'HTTP/1.1 407 X\r\ncontent-length: 3\r\n\r\nabc',
      'answered 407',
      'does not accept them',
    ],
    ['forbids it', 'PROXY_REFUSED', 'HTTP/1.1 403 X\r\n\r\n', 'answered 403', 'allow CONNECT to'],
    ['cannot reach it either', 'UNREACHABLE', 'HTTP/1.1 502 X\r\n\r\n', 'answered 502', 'itself cannot reach'],
    ['is none', 'UNREACHABLE', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'does not speak HTTP', 'is there an HTTP proxy at'],
    [
      'never ends',
      'UNREACHABLE',
      `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}`,
      'does not speak HTTP',
      'is there an HTTP proxy at',
    ],
    [
      'speaks for the endpoint',
      'UNREACHABLE',
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n',
      'sent bytes behind',
      'Check target: proxy',
    ],
  ])('%s makes the endpoint %s', async (_, code, answer, what, fix) => {
    await using proxy = await ConnectProxy.start(undefined, answering(answer));
    const error = await refused({ proxy: proxy.url('user:p%25ss@') });
    expect(error.code).toBe(code);
    expect(error.message).toContain(`cannot reach ${new URL(secureUrl).host}: the proxy ${proxy.host} ${what}`);
    expect(error.fix).toContain(fix);
  });

  it('closes, or is not there, makes it UNREACHABLE', async () => {
    await using closing = await HostileServer.start((socket) => socket.end());
    const closed = await refused({ proxy: closing.endpoint });
    expect([closed.code, closed.message]).toEqual(['UNREACHABLE', expect.stringContaining('closed the connection')]);
    const gone = await ConnectProxy.start();
    const { host } = gone;
    await gone[Symbol.asyncDispose]();
    const absent = await refused({ proxy: `http://user:p%25ss@${host}` });
    expect(absent.code).toBe('UNREACHABLE');
    expect(absent.message).toBe(`cannot reach ${secureUrl} through the proxy ${host} (ECONNREFUSED)`);
    expect(absent.fix).toContain('target: proxy');
  });

  it('breaks off later breaks off the request', async () => {
    await using service = await HostileServer.start((socket) => socket.resetAndDestroy());
    await using proxy = await ConnectProxy.start();
    expect((await refused({ proxy: proxy.url() }, service.endpoint)).code).toBe('INTERRUPTED_NETWORK');
  });
});

describe('the environment', () => {
  const proxied = async (env: Record<string, string>, settings: Partial<SiteSettings> = {}): Promise<boolean> => {
    await using service = await new AnsweringService(() => ({ status: 200 })).start();
    await using proxy = await ConnectProxy.start();
    const { port } = new URL(service.endpoint);
    const filled = Object.entries(env).map(([name, value]) => [
      name,
      value.replace('PROXY', proxy.host).replace('PORT', port),
    ]);
    const bucket = bucketAt(service.endpoint, settings, Object.fromEntries(filled) as Record<string, string>);
    await bucket.get('k');
    await bucket.close();
    return proxy.asked.length > 0;
  };

  it.each([
    [true, { HTTP_PROXY: 'http://PROXY' }],
    [true, { http_proxy: 'PROXY' }],
    [true, { http_proxy: '//PROXY' }],
    [true, { http_proxy: 'http://PROXY', HTTP_PROXY: 'http://no-such-host.invalid' }],
    [false, { http_proxy: '', HTTP_PROXY: 'http://PROXY' }],
    [false, { HTTPS_PROXY: 'http://PROXY' }],
    [false, { ALL_PROXY: 'http://PROXY' }],
    [true, { HTTP_PROXY: 'http://PROXY', NO_PROXY: 'example.com, 127.0.0.0/8, 7.0.0.1,' }],
    [true, { HTTP_PROXY: 'http://PROXY', NO_PROXY: 'localhost' }],
    [false, { HTTP_PROXY: 'http://PROXY', NO_PROXY: 'example.com, 127.0.0.1' }],
    [false, { HTTP_PROXY: 'http://PROXY', NO_PROXY: '127.0.0.1:PORT' }],
    [true, { HTTP_PROXY: 'http://PROXY', NO_PROXY: '127.0.0.1:1' }],
    [false, { HTTP_PROXY: 'http://PROXY', NO_PROXY: '.0.0.1' }],
    [false, { HTTP_PROXY: 'http://PROXY', NO_PROXY: '*' }],
    [false, { HTTP_PROXY: 'http://PROXY', no_proxy: '*', NO_PROXY: '' }],
    [true, { HTTP_PROXY: 'http://PROXY', no_proxy: '', NO_PROXY: '*' }],
  ])('is heeded as the AWS CLI does: %s for %o', async (expected, env) => {
    expect(await proxied(env)).toBe(expected);
  });

  it('is not looked at where the site has a proxy of its own', async () => {
    await using own = await ConnectProxy.start();
    expect(await proxied({ HTTP_PROXY: 'http://PROXY', NO_PROXY: '*' }, { proxy: own.url() })).toBe(false);
    expect(own.asked).toHaveLength(1);
  });

  it('is named where its proxy is at fault', async () => {
    await using proxy = await ConnectProxy.start(undefined, (socket) => void socket.write('HTTP/1.1 407 X\r\n\r\n'));
    const bucket = bucketAt('http://127.0.0.1:1', {}, { HTTP_PROXY: proxy.url() });
    expect((await failure(() => bucket.head('k'))).fix).toBe(
      'Check user and password in target: HTTP_PROXY: the proxy wants them, and there are none.',
    );
    await bucket.close();
  });
});

describe('a proxy that cannot be meant', () => {
  it.each([
    'proxy.example.com:3128',
    'socks5://user:secret@host:1080',
    'http://user:sec/ret@host:3128',
    'http://user:sec?ret@host:3128',
    'http://user:sec#ret@host:3128',
    'http://user:sec%ret@host:3128',
    'http://',
    '',
  ])('is CONFIG_INVALID, without the URL: %j', async (proxy) => {
    const error = await failure(async () => openSite('source', { region: 'us-west-2', proxy }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('source: proxy is not the URL of a proxy');
    expect(inspect(error)).not.toMatch(/sec|ret@/);
  });
});
