import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HttpClient, type HttpRequest, type HttpResponse } from '../../src/aws/http-client.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { HostileServer } from './hostile-server.ts';

const IDLE_MS = 250;

/** Sends one request; resolves with the response or with the error's code. Nothing may still listen to the signal then. */
async function exchange(
  endpoint: string,
  request: Partial<HttpRequest> = {},
  signal = new AbortController().signal,
): Promise<HttpResponse | string> {
  const client = new HttpClient(endpoint, { connectionsMax: 2, idleMsMax: IDLE_MS });
  try {
    return await client.send({ method: 'GET', path: '/', headers: {}, signal, ...request });
  } catch (error) {
    if (error instanceof DynaferryError) return error.code;
    return error instanceof Error ? error.name : 'not an error';
  } finally {
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await client.close();
  }
}

function bodyOf(response: HttpResponse | string): string {
  if (typeof response === 'string') throw new Error(`no response but ${response}`);
  return response.body.toString();
}

const answers: [name: string, onRequest: (socket: Socket) => void, outcome: string][] = [
  ['resets before it answers', (socket) => socket.resetAndDestroy(), 'INTERRUPTED_NETWORK'],
  ['closes before it answers', (socket) => socket.end(), 'INTERRUPTED_NETWORK'],
  ['never answers', () => undefined, 'INTERRUPTED_NETWORK'],
  ['stops within the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le'), 'INTERRUPTED_NETWORK'],
  [
    'resets within the body',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => socket.resetAndDestroy()),
    'INTERRUPTED_NETWORK',
  ],
  [
    'ends a body short of what it announced',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    'INTERRUPTED_NETWORK',
  ],
  [
    'stalls within the body',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
    'INTERRUPTED_NETWORK',
  ],
  [
    'ends a chunked body before its last chunk',
    (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    'INTERRUPTED_NETWORK',
  ],
  ['does not speak HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'), 'INTERRUPTED_NETWORK'],
  [
    'sends headers without end',
    (socket) => socket.write(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(100_000)}\r\n\r\n`),
    'INTERRUPTED_NETWORK',
  ],
  [
    'announces lengths that contradict each other',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'),
    'INTERRUPTED_NETWORK',
  ],
];

describe('HttpClient settles, with a code that says so, when the server', () => {
  it.each(answers)('%s', async (_, onRequest, outcome) => {
    await using server = await HostileServer.start(onRequest);
    expect(await exchange(server.endpoint)).toBe(outcome);
    expect(await exchange(server.endpoint, { method: 'PUT', body: Buffer.alloc(300_000, 'x') })).toBe(outcome);
  });

  it('is not there', async () => {
    const server = await HostileServer.start(() => undefined);
    const { endpoint } = server;
    await server[Symbol.asyncDispose]();
    expect(await exchange(endpoint)).toBe('UNREACHABLE');
    expect(await exchange('http://no-such-host.invalid')).toBe('UNREACHABLE');
  });
});

describe('HttpClient gives the whole answer', () => {
  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcdef', 'abcdef'],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', 'abcdef'],
    ['of no content', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['of length 0', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ''],
    ['after an interim one', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na', 'a'],
  ])('%s, sent byte by byte or at once', async (_, answer, body) => {
    await using whole = await HostileServer.start((socket) => socket.write(answer));
    expect(bodyOf(await exchange(whole.endpoint))).toBe(body);
    await using dripping = await HostileServer.start((socket) => {
      void (async () => {
        for (const byte of answer) {
          socket.write(byte);
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    expect(bodyOf(await exchange(dripping.endpoint))).toBe(body);
  });

  it('or the error of what receives it, also where the connection ends the body', async () => {
    const take = (): Buffer => {
      throw new DynaferryError('SOURCE_CHANGED', 'replaced');
    };
    for (const framing of [
      'content-length: 3\r\n\r\nabc',
      'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      '\r\nabc',
    ]) {
      await using server = await HostileServer.start((socket) => socket.end(`HTTP/1.1 200 OK\r\n${framing}`));
      expect(await exchange(server.endpoint, { into: { take } })).toBe('SOURCE_CHANGED');
    }
  });

  it('to a HEAD: its length, and no body, whatever it announces', async () => {
    await using server = await HostileServer.start((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\netag: "x"\r\n\r\n'),
    );
    const before = process.memoryUsage().arrayBuffers;
    const answer = (await exchange(server.endpoint, { method: 'HEAD' })) as HttpResponse;
    expect([answer.status, answer.headers['content-length'], answer.body.length]).toEqual([200, '1000000000', 0]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(500_000_000);
  });

  it('never takes what stands behind one answer for the answer to the next request', async () => {
    let requests = 0;
    await using server = await HostileServer.start((socket) => {
      const behind = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nforeign';
      const own = `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown`;
      socket.write(++requests === 1 ? own + behind : own);
    });
    const client = new HttpClient(server.endpoint, { connectionsMax: 1, idleMsMax: 2000 });
    const first = client.send({ method: 'GET', path: '/first', headers: {} });
    const second = client.send({ method: 'GET', path: '/second', headers: {} });
    expect((await first).body.toString()).toBe('own');
    await expect(second).rejects.toMatchObject({ code: 'INTERRUPTED_NETWORK' });
    await client.close();
  });
});

describe('HttpClient, aborted', () => {
  it.each(['before it is sent', 'before the answer', 'within the body'])('%s, ends in an AbortError', async (when) => {
    const controller = new AbortController();
    await using server = await HostileServer.start((socket) => {
      if (when === 'before the answer') controller.abort();
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => controller.abort());
    });
    if (when === 'before it is sent') controller.abort();
    expect(await exchange(server.endpoint, {}, controller.signal)).toBe('AbortError');
    if (when === 'before it is sent') expect(server.connections).toBe(0);
  });

  it('while it waits for a connection, ends at once and is never sent', async () => {
    const paths: string[] = [];
    let first: Socket | undefined;
    await using server = await HostileServer.start((socket, request) => {
      paths.push(request.split(' ')[1]);
      first ??= socket;
      if (paths.at(-1) === '/third') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    const client = new HttpClient(server.endpoint, { connectionsMax: 1, idleMsMax: 5000 });
    const running = client.send({ method: 'GET', path: '/first', headers: {} });
    const controller = new AbortController();
    const waiting = client.send({ method: 'GET', path: '/second', headers: {}, signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await expect.poll(() => first).toBeDefined();
    first?.write('HTTP/1.1 204 No Content\r\n\r\n');
    await running;
    await client.send({ method: 'GET', path: '/third', headers: {} });
    await client.close();
    expect(paths).toEqual(['/first', '/third']);
  });
});

describe('HttpClient, sending', () => {
  it('refuses what is no header, and lets go of the signal', async () => {
    await using server = await HostileServer.start(() => undefined);
    expect(await exchange(server.endpoint, { headers: { 'x-a': 'b\r\nx-c: d' } })).toMatch(
      /INTERRUPTED_NETWORK|INTERNAL/,
    );
    expect(server.connections).toBe(0);
  });

  it('a long body over a link that takes much longer than the longest silence, sends it whole', async () => {
    // Read at a steady pace for longer than any of the client's timers runs.
    const server = createServer((request, response) => {
      void (async () => {
        let length = 0;
        for await (const chunk of request) {
          length += (chunk as Buffer).length;
          await sleep(Math.ceil((chunk as Buffer).length / 5000));
        }
        response.end(String(length));
      })();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const body = Buffer.alloc(24 * 1024 * 1024, 'x');
    const client = new HttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      connectionsMax: 1,
      idleMsMax: 800,
    });
    const { body: answer } = await client.send({ method: 'PUT', path: '/', headers: {}, body });
    expect(answer.toString()).toBe(String(body.length));
    await client.close();
    server.close();
  });
});
