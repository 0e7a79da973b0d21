import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificate.ts';

/** A proxy that opens tunnels, or does what it is told instead; remembers what it was asked. */
export class ConnectProxy implements AsyncDisposable {
  readonly asked: { target: string; authorization: string | undefined }[] = [];
  readonly #server;
  readonly #sockets = new Set<Duplex>();
  readonly #isSecure: boolean;

  private constructor(certificate?: Certificate, instead?: (socket: Duplex) => void) {
    this.#isSecure = certificate !== undefined;
    this.#server = certificate === undefined ? createServer() : createSecureServer(certificate);
    this.#server.on('connection', (socket: Socket) => this.#keep(socket));
    this.#server.on('connect', ({ url = '', headers }, client: Duplex) => {
      this.asked.push({ target: url, authorization: headers['proxy-authorization'] });
      this.#keep(client);
      if (instead !== undefined) return instead(client);
      const { hostname, port } = new URL(`http://${url}`);
      const upstream = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      this.#keep(upstream);
      upstream.on('close', () => client.destroy());
    });
  }

  static async start(certificate?: Certificate, instead?: (socket: Duplex) => void): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(certificate, instead);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Host and port. */
  get host(): string {
    return `localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** With `user:password@` where told. */
  url(userinfo = ''): string {
    return `${this.#isSecure ? 'https' : 'http'}://${userinfo}${this.host}`;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
