import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../src/aws/signed-client.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { HostileServer } from '../aws/hostile-server.ts';
import { siteAt } from '../aws/site-at.ts';

const PART = 5 * 1024 * 1024;
const object = randomBytes(PART + 1000);
const ETAG = '"v1"';

/** What one request asked for. */
interface Asked {
  start: number;
  end: number;
  ifMatch: string | undefined;
}

/** An S3 that holds `object` and answers each GET of a range as told. */
async function serving(
  answer: (socket: Socket, asked: Asked, nth: number) => void,
): Promise<{ server: HostileServer; asked: Asked[] } & AsyncDisposable> {
  const asked: Asked[] = [];
  const server = await HostileServer.start((socket, request) => {
    const [, start, last] = /\r\nrange: bytes=(\d+)-(\d+)\r\n/.exec(request) ?? [];
    const ifMatch = /\r\nif-match: ([^\r]*)\r\n/.exec(request)?.[1];
    asked.push({ start: Number(start), end: Number(last) + 1, ifMatch });
    answer(socket, asked[asked.length - 1], asked.length);
  });
  return { server, asked, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface HeadOptions {
  status?: number;
  etag?: string;
  /** Content-Range, where it is not the right one. */
  given?: string;
  length?: number;
}

function head({ start, end }: Asked, options: HeadOptions = {}): string {
  const last = Math.min(end, object.length) - 1;
  const given = options.given ?? `bytes ${start}-${last}/${object.length}`;
  const etag = options.etag ?? ETAG;
  return [
    `HTTP/1.1 ${options.status ?? 206} X`,
    `content-length: ${options.length ?? last + 1 - start}`,
    ...(given === '' ? [] : [`content-range: ${given}`]),
    ...(etag === '' ? [] : [`etag: ${etag}`]),
    '\r\n',
  ].join('\r\n');
}

/** The right answer, or the first `count` bytes of it and the end of the connection. */
function give(socket: Socket, asked: Asked, count = Infinity): void {
  socket.write(head(asked));
  const body = object.subarray(asked.start, Math.min(asked.end, asked.start + count));
  if (count === Infinity) socket.write(body);
  else socket.end(body);
}

const noWaits = { attemptsMax: 3, delayMsBase: 0, delayMsMax: 0 };

async function read(
  endpoint: string,
  options: { range?: { start: number; end: number }; ifMatch?: string } = {},
  client: ClientOptions = {},
): Promise<{ body: Buffer; etag: string; sizeBytes: number }> {
  const bucket = new S3Bucket(siteAt(endpoint), 'b', { retry: noWaits, ...client });
  try {
    return await bucket.get('k', { range: { start: 100, end: 100 + PART }, ...options });
  } finally {
    await bucket.close();
  }
}

async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  return work.then(
    () => ({ code: 'none', message: '' }),
    (error: unknown) => error as { code: string; message: string },
  );
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const wanted = sha256(object.subarray(100, 100 + PART));

describe('a range over a link that lets 300 KB of each connection through', () => {
  it('arrives whole, fetches nothing twice and is bound to the ETag of the first answer', async () => {
    await using s3 = await serving((socket, asked) => give(socket, asked, 300_000));
    const retries: string[] = [];
    const { body, etag, sizeBytes } = await read(s3.server.endpoint, {}, { onRetry: ({ code }) => retries.push(code) });
    expect([sha256(body), etag, sizeBytes]).toEqual([wanted, ETAG, PART]);
    const connections = Math.ceil(PART / 300_000);
    const expected = Array.from({ length: connections }, (_, i) => ({
      start: 100 + i * 300_000,
      end: 100 + PART,
      ifMatch: i === 0 ? undefined : ETAG,
    }));
    expect(s3.asked).toEqual(expected);
    expect(retries).toHaveLength(connections - 1);
  });

  it('arrives whole through resets and stalls too, with errors of the service between', async () => {
    await using s3 = await serving((socket, asked, nth) => {
      const error = '<Error><Code>SlowDown</Code></Error>';
      if (nth % 4 === 0) socket.write(`HTTP/1.1 503 X\r\ncontent-length: ${error.length}\r\n\r\n${error}`);
      else if (nth % 4 === 1)
        socket.write(`HTTP/1.1 503 X\r\ncontent-length: 5000000\r\n\r\n${error}`, () => socket.end());
      else {
        socket.write(head(asked));
        const piece = object.subarray(asked.start, Math.min(asked.end, asked.start + 1_000_000));
        socket.write(piece, () => (nth % 4 === 2 ? socket.resetAndDestroy() : undefined));
      }
    });
    const client = { slowestReceive: { minBytes: 4096, withinMs: 200 }, retry: { ...noWaits, attemptsMax: 12 } };
    const { body } = await read(s3.server.endpoint, { ifMatch: ETAG }, client);
    expect(sha256(body)).toBe(wanted);
    const starts = s3.asked.map(({ start }) => start);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(new Set(starts).size).toBeGreaterThan(3);
  });

  it('is given up after as many attempts as the policy has where nothing comes of them', async () => {
    await using nothing = await serving((socket, asked) => give(socket, asked, 0));
    expect((await failure(read(nothing.server.endpoint))).code).toBe('INTERRUPTED_NETWORK');
    expect(nothing.asked).toHaveLength(3);
    // 16 KiB count as something.
    await using drops = await serving((socket, asked) => give(socket, asked, asked.start < 40_000 ? 10_000 : 1));
    expect((await failure(read(drops.server.endpoint))).code).toBe('INTERRUPTED_NETWORK');
    expect(drops.asked.map(({ start }) => start - 100)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 40_001]);
  });
});

const small = { start: 100, end: 200 };

describe('what a service gives that was not asked for', () => {
  const lies: [name: string, options: HeadOptions][] = [
    ['all of the object', { status: 200, given: '', length: object.length }],
    ['as many bytes from its beginning, as a 200', { status: 200, given: '' }],
    ['a range that begins elsewhere', { given: `bytes 0-99/${object.length}` }],
    ['a range that begins a byte before', { given: `bytes 99-199/${object.length}` }],
    ['a range that ends elsewhere', { given: `bytes 100-150/${object.length}` }],
    ['a shorter range', { given: `bytes 100-149/${object.length}`, length: 50 }],
    ['a range and another length', { length: 99 }],
    ['no Content-Range', { given: '' }],
    ['a Content-Range that is none', { given: 'bytes all' }],
  ];

  it.each(lies)('%s, is refused before it is received, and asked for again', async (_, options) => {
    await using s3 = await serving((socket, asked, nth) => {
      if (nth === 1) socket.write(head(asked, options));
      else give(socket, asked);
    });
    const { body } = await read(s3.server.endpoint, { range: small });
    expect(body.equals(object.subarray(100, 200))).toBe(true);
    await using always = await serving((socket, asked) => socket.write(head(asked, options)));
    const { code, message } = await failure(read(always.server.endpoint, { range: small }));
    expect(code).toBe('SERVICE_FAILED');
    expect(message).toContain('source: s3://b/k: asked for the bytes 100 to 199');
    expect(always.asked).toHaveLength(3);
  });

  it.each(lies)('%s, after the beginning was right, costs nothing of what has arrived', async (_, options) => {
    await using s3 = await serving((socket, asked, nth) => {
      if (nth === 2) socket.write(head(asked, options));
      else give(socket, asked, nth === 1 ? 40 : Infinity);
    });
    const { body } = await read(s3.server.endpoint, { range: small });
    expect(body.equals(object.subarray(100, 200))).toBe(true);
    expect(s3.asked.map(({ start }) => start)).toEqual([100, 140, 140]);
  });

  it('a smaller object under the same ETag, is refused once the size was told, and believed before', async () => {
    const smaller = { given: 'bytes 140-149/150', length: 10 };
    await using s3 = await serving((socket, asked, nth) => {
      if (nth === 2) socket.write(head(asked, smaller));
      else give(socket, asked, nth === 1 ? 40 : Infinity);
    });
    const { body } = await read(s3.server.endpoint, { range: small });
    expect(body.equals(object.subarray(100, 200))).toBe(true);
    await using replaced = await serving((socket, asked, nth) => {
      if (nth === 1) socket.end(head(asked, { etag: '' }) + 'x');
      else socket.write(`${head(asked, { given: 'bytes 100-104/105', length: 5 })}short`);
    });
    expect((await read(replaced.server.endpoint, { range: small })).body.toString()).toBe('short');
  });

  it('another version, under a right status, is SOURCE_CHANGED, in the first answer and in later ones', async () => {
    const other = { etag: '"v2"' };
    await using first = await serving((socket, asked) => socket.write(head(asked, other)));
    expect((await failure(read(first.server.endpoint, { ifMatch: ETAG }))).code).toBe('SOURCE_CHANGED');
    await using later = await serving((socket, asked, nth) => {
      if (nth === 1) give(socket, asked, 300_000);
      else socket.write(head(asked, other));
    });
    expect((await failure(read(later.server.endpoint))).code).toBe('SOURCE_CHANGED');
    expect(later.asked).toHaveLength(2);
  });

  it('a 412 on the way is SOURCE_CHANGED also where the caller named no ETag', async () => {
    await using s3 = await serving((socket, asked, nth) => {
      if (nth === 1) give(socket, asked, 300_000);
      else socket.write('HTTP/1.1 412 X\r\ncontent-length: 0\r\n\r\n');
    });
    expect((await failure(read(s3.server.endpoint))).code).toBe('SOURCE_CHANGED');
  });

  it('no ETag: nothing binds two answers to one object, so they are not joined', async () => {
    await using s3 = await serving((socket, asked, nth) => {
      socket.write(head(asked, { etag: '' }));
      const body = object.subarray(asked.start, asked.end);
      if (nth === 1) socket.end(body.subarray(0, 40));
      else socket.write(body);
    });
    const { body } = await read(s3.server.endpoint, { range: small });
    expect(body.equals(object.subarray(100, 200))).toBe(true);
    expect(s3.asked.map(({ start }) => start)).toEqual([100, 100]);
  });
});

describe('a range', () => {
  it('that reaches beyond the end is what there is, in one answer or in several', async () => {
    const range = { start: PART, end: PART + 100_000 };
    for (const count of [Infinity, 400]) {
      await using s3 = await serving((socket, asked) => give(socket, asked, count));
      const { body, sizeBytes } = await read(s3.server.endpoint, { range });
      expect([body.equals(object.subarray(PART)), sizeBytes]).toEqual([true, 1000]);
    }
  });

  it('that is all of the object may come as a 200', async () => {
    await using s3 = await serving((socket, asked) => {
      socket.write(head(asked, { status: 200, given: '', length: object.length }));
      socket.write(object);
    });
    const { body } = await read(s3.server.endpoint, { range: { start: 0, end: object.length } });
    expect(body.equals(object)).toBe(true);
  });

  it('may come in chunks, from its beginning and behind a piece that came before', async () => {
    await using s3 = await serving((socket, asked, nth) => {
      if (nth === 1) return give(socket, asked, 40);
      const body = object.subarray(asked.start, asked.end);
      const lines = head(asked).replace(/content-length: \d+/, 'transfer-encoding: chunked');
      socket.write(
        Buffer.concat([Buffer.from(`${lines}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
      );
    });
    for (let i = 0; i < 2; i++) {
      const { body } = await read(s3.server.endpoint, { range: small });
      expect(body.equals(object.subarray(100, 200))).toBe(true);
    }
    expect(s3.asked.map(({ start }) => start)).toEqual([100, 140, 100]);
  });
});
