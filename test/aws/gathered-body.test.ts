import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseReader } from '../../src/aws/response-reader.ts';
import type { BodySink } from '../../src/aws/http-client.ts';

const pattern = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 31) % 251));
const bodyOf = (length: number): Buffer => Buffer.alloc(length, pattern);
// Beside the bounds of the memory that is used again.
const lengths = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 524_280, max: 524_300 }), fc.nat({ max: 3_000_000 }));

/** What a reader makes of an answer without a length that comes in pieces; `cut` ends the connection before its end. */
function receive(
  body: Buffer,
  chunkBytes: number,
  pieceBytes: number,
  into?: BodySink,
  cut = false,
): Buffer | undefined {
  let whole: Buffer | undefined;
  const reader = new ResponseReader({
    onBody: () => undefined,
    onMoved: () => undefined,
    onWhole: (_, received) => (whole = received),
  });
  reader.begin({ method: 'GET', path: '/', headers: {}, ...(into && { into }) });
  const parts: Buffer[] = [
    Buffer.from(`HTTP/1.1 200 OK\r\n${chunkBytes > 0 ? 'transfer-encoding: chunked\r\n' : ''}\r\n`),
  ];
  if (chunkBytes === 0) parts.push(body);
  else {
    for (let at = 0; at < body.length; at += chunkBytes) {
      const chunk = body.subarray(at, at + chunkBytes);
      parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
    }
    parts.push(Buffer.from('0\r\n\r\n'));
  }
  const answer = Buffer.concat(parts);
  // The socket's memory, which every piece is written to.
  const shared = Buffer.alloc(pieceBytes);
  for (let at = 0; at < answer.length - (cut ? 1 : 0); at += pieceBytes) {
    const length = answer.copy(shared, 0, at, Math.min(at + pieceBytes, answer.length - (cut ? 1 : 0)));
    for (let read = 0; read < length;) read = reader.read(shared.subarray(0, length), read);
  }
  if (cut) reader.breakOff();
  else if (chunkBytes === 0) reader.end();
  return whole;
}

describe('a body without a length', () => {
  it('is the bytes that came, in chunks or to the end of the connection, in memory of its own or where it is wanted', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.oneof(fc.constant(0), fc.integer({ min: 50, max: 400_000 })),
        fc.integer({ min: 1000, max: 131_072 }),
        fc.boolean(),
        (length, chunkBytes, pieceBytes, isWanted) => {
          const wanted: Buffer[] = [];
          const take = (bytes: number): Buffer => wanted[wanted.push(Buffer.alloc(bytes)) - 1];
          const received = receive(bodyOf(length), chunkBytes, pieceBytes, isWanted ? { take } : undefined);
          // What others receive meanwhile.
          receive(Buffer.alloc(length, 'x'), chunkBytes, pieceBytes);
          expect(received?.equals(bodyOf(length))).toBe(true);
          if (isWanted) expect(wanted).toEqual([received]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that breaks off is none, nor part of the next one', () => {
    expect(receive(bodyOf(600_000), 1000, 10_000, undefined, true)).toBeUndefined();
    expect(receive(Buffer.from('next'), 2, 10_000)?.toString()).toBe('next');
  });

  it('ends with what its place throws', () => {
    const take = (): Buffer => {
      throw new Error('no room');
    };
    for (const chunkBytes of [0, 1])
      expect(() => receive(Buffer.from('body'), chunkBytes, 1000, { take })).toThrow('no room');
  });
});
