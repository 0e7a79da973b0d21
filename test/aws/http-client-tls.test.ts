import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '../../src/aws/http-client.ts';
import { trustWith } from '../../src/aws/trust.ts';
import { makeCertificate } from './certificate.ts';

let server: Server;
let endpoint: string;
const certificate = makeCertificate();
const trusted = getCACertificates('default');

beforeAll(async () => {
  server = createServer({ key: certificate.key, cert: certificate.cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(Buffer.concat(chunks)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  setDefaultCACertificates(trusted);
  server.close();
  certificate.remove();
});

describe('HttpClient over TLS', () => {
  it('refuses a certificate that nobody vouches for, and says so', async () => {
    const client = new HttpClient(endpoint, { connectionsMax: 1, idleMsMax: 5000 });
    await expect(client.send({ method: 'GET', path: '/', headers: {} })).rejects.toMatchObject({
      code: 'CERTIFICATE_REJECTED',
      message: expect.stringContaining('certificate') as string,
    });
    await client.close();
  });

  it('carries long and short bodies both ways over connections that are used again', async () => {
    setDefaultCACertificates([...trusted, certificate.cert.toString()]);
    const client = new HttpClient(endpoint, { connectionsMax: 2, idleMsMax: 5000 });
    const lengths = [0, 1, 1000, 70_000, 5_000_000];
    for (let round = 0; round < 3; round++)
      await Promise.all(
        lengths.map(async (length) => {
          const body = Buffer.alloc(length, String(round));
          const answer = await client.send({ method: 'PUT', path: '/', headers: {}, body });
          expect(answer.status).toBe(200);
          expect(answer.body.equals(body)).toBe(true);
        }),
      );
    await client.close();
  });

  it('trusts whom Node trusts besides those of a CA file', async () => {
    setDefaultCACertificates([...trusted, certificate.cert.toString()]);
    const other = makeCertificate();
    const route = { secureContext: trustWith('source: caFile', other.certPath) };
    other.remove();
    const client = new HttpClient(endpoint, { connectionsMax: 1, idleMsMax: 5000, route });
    expect((await client.send({ method: 'GET', path: '/', headers: {} })).status).toBe(200);
    await client.close();
  });
});
