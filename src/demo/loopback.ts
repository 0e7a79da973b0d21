import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that runs in this process and is reachable from this machine only. */
export interface EmbeddedEndpoint {
  /** Such as `http://127.0.0.1:41713`, without a slash at the end. */
  readonly url: string;
  /** Drops connections and data. A second call does nothing. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1 only; port 0 takes a free one. Rejects when the port is taken. */
export async function listenOnLoopback(server: Server, port: number): Promise<EmbeddedEndpoint> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => (closed ??= closeServer(server)),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    // Clients keep connections alive for minutes, and close() waits for them.
    server.closeAllConnections();
  });
}

/** What is called with each piece of a body as it comes in, so that a digest is ready when the last byte is. */
type OnChunk = (chunk: Buffer) => void;

/**
 * The whole body of a request. Copied into a buffer of the announced length: a piece as the HTTP parser gives it keeps all of a
 * 64 KB socket buffer alive. Rejects when the client goes away before its end.
 */
export function collectBody(request: IncomingMessage, onChunk?: OnChunk): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  return new Promise((resolve, reject) => {
    let body = Buffer.allocUnsafe(announced);
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      onChunk?.(chunk);
      // Only a chunked body, whose length nobody announced, can be longer than the buffer.
      if (length + chunk.length > body.length)
        body = Buffer.concat([body.subarray(0, length)], 2 * (length + chunk.length));
      chunk.copy(body, length);
      length += chunk.length;
    });
    request.on('end', () => resolve(body.subarray(0, length)));
    request.on('error', reject);
  });
}
