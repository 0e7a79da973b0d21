import { describe, expect, it } from 'vitest';
import { HttpClient, type HttpClientOptions, type HttpRequest, type HttpResponse } from '../../src/aws/http-client.ts';
import { patienceMs } from '../../src/aws/pace.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import { AnsweringService } from './answers.ts';
import { HostileServer } from './hostile-server.ts';

/** Nothing but a pace ends an exchange within the time that a test has. */
const SILENCE_MS = 60_000;

/** Sends one request; resolves with the response or with what ended it. */
async function exchange(
  endpoint: string,
  options: Partial<HttpClientOptions>,
  request: Partial<HttpRequest> = {},
): Promise<HttpResponse | string> {
  const client = new HttpClient(endpoint, { connectionsMax: 1, idleMsMax: SILENCE_MS, ...options });
  try {
    return await client.send({ method: 'GET', path: '/', headers: {}, ...request });
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    return `${error.code} ${(error.cause as Error).message}`;
  } finally {
    await client.close();
  }
}

/** Sends `head`, then one piece every 2 ms: never silent for long, never fast. */
async function dripping(head: string, pieces: string[]): Promise<HostileServer> {
  return HostileServer.start((socket) => {
    socket.write(head);
    let next = 0;
    const timer = setInterval(() => {
      if (next < pieces.length) socket.write(pieces[next++]);
      else clearInterval(timer);
    }, 2);
    socket.on('close', () => clearInterval(timer));
  });
}

const bytes = Array.from({ length: 300 }, () => 'x');
const slowestReceive = { minBytes: 4096, withinMs: 200 };

describe('a body that never falls silent', () => {
  it('and arrives too slowly is ended where it can be gone on with, and what came is told', async () => {
    await using server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', bytes);
    const buffer = Buffer.alloc(100_000);
    let received = 0;
    const into = { take: () => buffer, broke: (count: number) => (received = count) };
    expect(await exchange(server.endpoint, { slowestReceive }, { into })).toBe('INTERRUPTED_NETWORK STALLED');
    expect(received).toBeGreaterThan(0);
    expect(buffer.toString('latin1', 0, received + 1)).toBe(`${'x'.repeat(received)}\0`);
  });

  it('and moves fast enough is waited for, however long it takes', async () => {
    const pieces = bytes.map(() => 'x'.repeat(1024));
    await using server = await dripping(`HTTP/1.1 200 OK\r\ncontent-length: ${300 * 1024}\r\n\r\n`, pieces);
    const into = { take: (length: number) => Buffer.alloc(length), broke: () => undefined };
    const answer = await exchange(server.endpoint, { slowestReceive }, { into });
    expect(answer).toMatchObject({ body: Buffer.from(pieces.join('')) });
  });

  it('and arrives as slowly is waited for where it would be lost', async () => {
    await using server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n', bytes);
    expect(await exchange(server.endpoint, { slowestReceive })).toMatchObject({ body: Buffer.from(bytes.join('')) });
  });

  it('is waited for while it is made: of an answer without a length nobody knows how fast it can be', async () => {
    const chunks = [...bytes.map((byte) => `1\r\n${byte}\r\n`), '0\r\n\r\n'];
    await using server = await dripping('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', chunks);
    const into = { take: (length: number) => Buffer.alloc(length), broke: () => undefined };
    const answer = await exchange(server.endpoint, { slowestReceive }, { into });
    expect(answer).toMatchObject({ body: Buffer.from(bytes.join('')) });
  });

  it('and arrives too slowly for the longest silence is ended in any case', async () => {
    await using server = await dripping('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n', bytes);
    expect(await exchange(server.endpoint, { idleMsMax: 200 })).toBe('INTERRUPTED_NETWORK STALLED');
  });
});

describe('a long body that nobody takes', () => {
  it('is given up after its own time, whatever the longest silence', async () => {
    await using server = await HostileServer.start((socket) => socket.pause());
    let moved = 0;
    const options = { slowestSend: { minBytes: 1, withinMs: 200 }, onMoved: (count: number) => (moved += count) };
    const body = Buffer.alloc(64 * 1024 * 1024);
    expect(await exchange(server.endpoint, options, { method: 'PUT', body })).toBe('INTERRUPTED_NETWORK STALLED');
    // What the kernels hold.
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(body.length);
  });

  it('is waited for longer the longer it has been moving, up to a bound', () => {
    const pace = { minBytes: 1, withinMs: 1000 };
    expect([0, 999, 3000, 5999, 1e9].map((movingMs) => patienceMs(pace, movingMs))).toEqual([
      1000, 1000, 3000, 5999, 6000,
    ]);
  });
});

describe('onMoved', () => {
  const counting = (): { moved: number[]; onMoved: (count: number) => void } => {
    const moved: number[] = [];
    return { moved, onMoved: (count) => moved.push(count) };
  };
  const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);

  it.each([1, 1000, 65_536, 65_537, 5_000_000])('hears of all %i bytes of a body that is sent', async (length) => {
    await using service = await new AnsweringService(() => ({ status: 200 })).start();
    const { moved, onMoved } = counting();
    await exchange(service.endpoint, { onMoved }, { method: 'PUT', body: Buffer.alloc(length, 'x') });
    expect(sum(moved)).toBe(length);
    expect(moved.every((count) => count > 0)).toBe(true);
  });

  it('hears of what is received as it comes, also of a body that breaks off and of one in chunks', async () => {
    await using whole = await HostileServer.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n');
      socket.end(Buffer.alloc(2_000_000));
    });
    const broken = counting();
    expect(await exchange(whole.endpoint, { onMoved: broken.onMoved })).toBe('INTERRUPTED_NETWORK CLOSED');
    expect(sum(broken.moved)).toBe(2_000_000);
    expect(broken.moved.length).toBeGreaterThan(1);
    await using chunked = await HostileServer.start((socket) =>
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'),
    );
    const pieces = counting();
    await exchange(chunked.endpoint, { onMoved: pieces.onMoved });
    expect(sum(pieces.moved)).toBe(5);
  });
});

describe('a pace', () => {
  it.each([
    [0, 1000],
    [1, 0],
    [1, Infinity],
    [1e9, 1000],
    [NaN, 1000],
  ])('of %d bytes within %d ms is refused by name', (minBytes, withinMs) => {
    const client = (): HttpClient =>
      new HttpClient('http://127.0.0.1', { connectionsMax: 1, idleMsMax: 1000, slowestSend: { minBytes, withinMs } });
    expect(client).toThrow(`slowestSend is ${minBytes} bytes within ${withinMs} ms: expected`);
  });
});
