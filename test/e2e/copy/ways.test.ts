import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate, type Certificate } from '../../aws/certificate.ts';
import { ConnectProxy } from '../../aws/connect-proxy.ts';
import type { CopyObject } from '../../world/copy-objects.ts';
import type { SiteName } from '../../world/site.ts';
import { useWorld } from '../../world/use-world.ts';
import { CopyScenario, expectCopied, expectCopyFailure, MIB } from './copy-scenario.ts';

const world = await useWorld('s3');

const objects: CopyObject[] = [
  ...Array.from({ length: 4 }, (_, i) => ({ key: `k/${i}`, sizeBytes: 100 + i })),
  { key: 'parts', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
];

let certificate: Certificate;
beforeAll(() => {
  certificate = makeCertificate();
});
afterAll(() => certificate.remove());

/** The endpoint of a site over HTTPS, with a certificate that nobody vouches for; the service behind it checks the signatures as ever. */
async function startTls(endpoint: string): Promise<{ endpoint: string; [Symbol.asyncDispose]: () => Promise<void> }> {
  const { hostname, port } = new URL(endpoint);
  const server = createServer(certificate, (client) => {
    const upstream = connect(Number(port), hostname);
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `https://localhost:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

test('each side is reached over HTTPS through a proxy of its own, and trusts certificates of its own', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  await using source = await startTls(world.source.endpoints.s3);
  await using target = await startTls(world.target.endpoints.s3);
  await using near = await ConnectProxy.start();
  await using far = await ConnectProxy.start();
  const { yaml } = scenario;
  Object.assign(yaml.source, { endpoint: source.endpoint, caFile: certificate.certPath, proxy: near.url() });
  Object.assign(yaml.target, { endpoint: target.endpoint, caFile: certificate.certPath, proxy: 'env:FAR_PROXY' });
  // The password of a proxy stays out of the file, and out of all that is said.
  const env = { ...scenario.environment, FAR_PROXY: far.url('ferry:s3same@') };
  const result = await scenario.run([], { env });
  expectCopied(result, { copied: objects.length });
  expect(`${result.stdout}${result.stderr}`).not.toContain('s3same');
  await scenario.expectEqual(objects.length);
  expect(new Set(near.asked.map(({ target: asked }) => asked))).toEqual(new Set([new URL(source.endpoint).host]));
  expect(new Set(far.asked.map(({ target: asked }) => asked))).toEqual(new Set([new URL(target.endpoint).host]));
  expect(far.asked[0]?.authorization).toBe(`Basic ${Buffer.from('ferry:s3same').toString('base64')}`);
});

test('a certificate that nobody vouches for ends the copy with what to do about it', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  await using target = await startTls(world.target.endpoints.s3);
  scenario.yaml.target['endpoint'] = target.endpoint;
  const { message } = expectCopyFailure(await scenario.run(), 4, 'CERTIFICATE_REJECTED');
  expect(message).toContain(target.endpoint);
});

test('who asks a bucket whose requester pays says so with every request to the source, and to it alone', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', objects);
  scenario.yaml.source['requestPayer'] = true;
  const asked: Record<SiteName, Set<string>> = { source: new Set(), target: new Set() };
  scenario.listeners.add(({ site, moment, rawHeaders }) => {
    const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'x-amz-request-payer');
    if (moment === 'arrived') asked[site].add(at < 0 ? 'nothing' : (rawHeaders[at + 1] ?? ''));
  });
  expectCopied(await scenario.run(), { copied: objects.length });
  expect(asked).toEqual({ source: new Set(['requester']), target: new Set(['nothing']) });
  await scenario.expectEqual(objects.length);
});
