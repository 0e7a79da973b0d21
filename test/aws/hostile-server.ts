import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A server that does with each connection what it is told, byte by byte; `await using server = await HostileServer.start(…)`. */
export class HostileServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were accepted so far. */
  connections = 0;

  private constructor(onRequest: (socket: Socket, request: string, nth: number) => void) {
    let nth = 0;
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let head = '';
      socket.on('data', (chunk) => {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const request = head;
        head = '';
        onRequest(socket, request, ++nth);
      });
    });
  }

  /** `onRequest` is called when the head of a request is there, with what has come of it. */
  static async start(onRequest: (socket: Socket, request: string, nth: number) => void): Promise<HostileServer> {
    const hostile = new HostileServer(onRequest);
    hostile.#server.listen(0, '127.0.0.1');
    await once(hostile.#server, 'listening');
    return hostile;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
