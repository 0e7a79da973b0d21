import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { HttpClient } from '../../src/aws/http-client.ts';
import { makeCertificate } from './certificate.ts';

/** Less than kernels hold of it. */
const BODY = Buffer.alloc(1_000_000, 'x');

const certificate = makeCertificate();
const trusted = getCACertificates('default');
const closers: (() => unknown)[] = [];
afterAll(() => {
  setDefaultCACertificates(trusted);
  for (const close of closers) close();
  certificate.remove();
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A link that stands still when it is told to. */
async function linkTo(port: number): Promise<{ port: number; links: Socket[] }> {
  const links: Socket[] = [];
  const link = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    links.push(from);
    closers.push(() => from.destroy());
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  return { port: await portOf(link), links };
}

it.each(['http', 'https'])('of a request over %s that is given up nothing more arrives', async (protocol) => {
  setDefaultCACertificates([...trusted, certificate.cert.toString()]);
  let received = 0;
  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined);
    let requests = 0;
    socket.on('data', (bytes) => {
      received += bytes.length;
      if (requests++ === 0) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  };
  const server =
    protocol === 'http'
      ? createServer(serve)
      : createTlsServer({ key: certificate.key, cert: certificate.cert }, serve);
  const { port, links } = await linkTo(await portOf(server));
  const client = new HttpClient(`${protocol}://localhost:${port}`, { connectionsMax: 1, idleMsMax: 10_000 });
  await client.send({ method: 'GET', path: '/', headers: {} });
  const [link] = links;
  link.pause();
  const stop = new AbortController();
  const given = client.send({ method: 'PUT', path: '/', headers: {}, body: BODY, signal: stop.signal });
  // The kernel has all of it.
  await sleep(300);
  stop.abort();
  await expect(given).rejects.toThrow('aborted');
  await sleep(100);
  link.resume();
  await sleep(500);
  expect(received).toBeLessThan(BODY.length);
  await client.close();
});
