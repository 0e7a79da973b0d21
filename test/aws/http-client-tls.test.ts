import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpClient } from '../../src/aws/http-client.ts';

let server: Server;
let endpoint: string;
let certificate: string;
const folder = mkdtempSync(join(tmpdir(), 'dynaferry-tls-'));
const trusted = getCACertificates('default');

beforeAll(async () => {
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    {
      stdio: 'ignore',
    },
  );
  certificate = readFileSync(cert, 'utf8');
  server = createServer({ key: readFileSync(key), cert: certificate }, (request, response) => {
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
  rmSync(folder, { recursive: true });
});

describe('HttpClient over TLS', () => {
  it('refuses a certificate that nobody vouches for, and says so', async () => {
    const client = new HttpClient(endpoint, { connectionsMax: 1, idleMsMax: 5000 });
    await expect(client.send({ method: 'GET', path: '/', headers: {} })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('certificate') as string,
    });
    await client.close();
  });

  it('carries long and short bodies both ways over connections that are used again', async () => {
    setDefaultCACertificates([...trusted, certificate]);
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
});
