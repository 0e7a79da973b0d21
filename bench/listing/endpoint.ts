import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { areas, firstBehind, PAGE_KEYS, TARGET_OFFSET } from './keys.ts';
import { PageMaker } from './pages.ts';

/**
 * Serves ListObjectsV2 of the buckets `source` and `target`, with so many objects each, chunked as Amazon S3 does. It checks no signatures and knows no other request, because
 * it must not be what a measurement waits for. Resolves with its URL.
 */
export function startListings(objects: number): Promise<string> {
  const makers = areas.map((area) => {
    const count = Math.round(objects * area.share);
    return {
      area,
      count,
      source: new PageMaker(area, 'source', count, 0),
      target: new PageMaker(area, 'target', count, TARGET_OFFSET),
    };
  });
  const answer = (url: URL): Buffer => {
    const side = url.pathname.startsWith('/source') ? 'source' : 'target';
    const query = url.searchParams;
    const prefix = query.get('prefix') ?? '';
    const maker = makers.find(({ area }) => area[side] === prefix);
    if (maker === undefined) throw new Error(`nobody asks for ${url.href}`);
    const token = query.get('continuation-token');
    const after = (query.get('start-after') ?? prefix).slice(prefix.length);
    const from = token === null ? firstBehind(after, maker.count) : Number(token);
    return maker[side].page(from, Number(query.get('max-keys') ?? PAGE_KEYS));
  };
  const server = createServer((socket) => serve(socket, answer));
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** One request after the other; no body, and no head longer than a piece. */
function serve(socket: Socket, answer: (url: URL) => Buffer): void {
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const target = text.slice(0, end).split(' ', 2)[1];
    text = text.slice(end + 4);
    const body = answer(new URL(target, 'http://localhost'));
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`;
    // In one piece, since the page's bytes are written over by the next one.
    socket.write(Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n0\r\n\r\n')]));
  });
}
