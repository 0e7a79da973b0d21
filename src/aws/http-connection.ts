import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { MalformedResponse, type ResponseHead } from './http-message.ts';
import { PaceWatch, patienceMs, type Pace } from './pace.ts';
import { isSliced, RequestSender } from './request-sender.ts';
import { resetSocket } from './reset-socket.ts';
import { ResponseReader } from './response-reader.ts';
import type { Route } from './route.ts';
import { openTunnel } from './tunnel.ts';

/** A request and where its outcome goes. */
export interface Exchange {
  request: HttpRequest;
  /** Hears which connection takes the request. */
  onStart?: (connection: HttpConnection) => void;
  /** Hears the outcome once. */
  settle(outcome: { response: HttpResponse } | { error: Error }): void;
}

export interface ConnectionOptions {
  idleMsMax: number;
  /** Of a body that can be gone on with where it broke off, and of others. */
  slowestReceive: Pace;
  slowestWhole: Pace;
  slowestSend: Pace;
  route: Route;
  onMoved: ((bytes: number) => void) | undefined;
  /** The connection is free for another exchange. */
  onFree: (connection: HttpConnection) => void;
  /** The connection is of no use any more. */
  onClosed: (connection: HttpConnection) => void;
}

/**
 * Behind what was written last the kernel still holds much of a body: the answer may take longer to begin by the time that the body needs over a
 * link that carries next to nothing, up to so many times the longest silence, or as long as a pause of the body might have been.
 */
const KERNEL_BYTES_PER_MS = 2;
const PATIENCE_AFTER_BODY = 4;
const CONNECT_MS_MAX = 10_000;
/**
 * S3 and DynamoDB have several addresses, and Node gives each but the last so long. Its 250 ms are less than a round trip on a link around the world, let
 * alone one that loses the first packet (https://github.com/nodejs/node/issues/54359).
 */
const ADDRESS_MS_MAX = 4000;

/** A silence that lasted too long, or a connection that ended in the middle. */
class BrokenConnection extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** One keep-alive connection (RFC 9112), which serves one exchange after the other. */
export class HttpConnection {
  /** When the connection fell silent, by performance.now(). */
  quietSinceMs = performance.now();
  readonly #options: ConnectionOptions;
  /** Without a proxy what is written waits in here until the connection stands; with one it is the way to the proxy at first. */
  #socket: Socket;
  #tunnel: Socket | undefined;
  #isOpen: boolean;
  #connected = false;
  #closed = false;
  #exchange: Exchange | undefined;
  #deadlineMs = Infinity;
  readonly #pace = new PaceWatch();
  readonly #sender: RequestSender;
  readonly #reader = new ResponseReader({
    onBody: () => this.#onBody(),
    onMoved: (bytes) => this.#onReceived(bytes),
    onWhole: (head, body) => this.#onWhole(head, body),
  });

  constructor(url: URL, options: ConnectionOptions) {
    this.#options = options;
    this.#sender = new RequestSender(url.host, (bytes) => this.#onTaken(bytes));
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
    const { proxy, secureContext } = options.route;
    const onConnect = (): void => {
      this.#connected = true;
      this.#await();
    };
    // An address is no server name (RFC 6066).
    const name = { ...(isIP(host) === 0 ? { servername: host } : {}), secureContext };
    this.#isOpen = proxy === undefined;
    if (proxy !== undefined) {
      const target = `${url.hostname}:${port}`;
      this.#socket = openTunnel(proxy, target, { secureContext, addressMsMax: ADDRESS_MS_MAX }, (outcome) => {
        if ('error' in outcome) return this.#fail(outcome.error);
        this.#tunnel = outcome.socket;
        this.#socket = secure ? connectTls({ ...name, socket: outcome.socket }, onConnect) : outcome.socket;
        this.#socket.on('data', (bytes: Buffer) => this.#onData(bytes));
        this.#listen();
        if (!secure) onConnect();
        this.#open();
      });
      return;
    }
    const settings = {
      host,
      port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_MS_MAX,
      onread: {
        buffer: () => this.#reader.receiveBuffer(),
        callback: (length: number, buffer: Uint8Array): boolean => {
          this.#onData(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          return true;
        },
      },
    };
    this.#socket = secure ? connectTls({ ...settings, ...name }, onConnect) : connect(settings, onConnect);
    this.#listen();
  }

  #listen(): void {
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('end', () => this.#onEnd());
    this.#socket.on('close', () => this.#onEnd());
    this.#socket.resume();
  }

  /** The way through the proxy is open: sends the request that waits for it. */
  #open(): void {
    this.#isOpen = true;
    if (this.#exchange === undefined) return;
    try {
      this.#send(this.#exchange);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Whether nothing came of the connection yet. */
  get isConnecting(): boolean {
    return !this.#connected;
  }

  /** Sends a request; the connection must be free. */
  start(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#reader.begin(exchange.request);
    this.#socket.ref();
    this.#deadlineMs = performance.now() + (this.#connected ? this.#options.idleMsMax : CONNECT_MS_MAX);
    if (this.#isOpen) this.#send(exchange);
  }

  #send(exchange: Exchange): void {
    this.#sender.send(this.#socket, exchange.request);
    if (this.#connected) this.#await();
  }

  /** Ends the exchange under way with an error, and the connection with it. */
  abort(error: Error): void {
    this.#fail(error);
  }

  /** Ends the connection where it has been silent for too long in the middle of an exchange. */
  checkSilence(nowMs: number): void {
    if (this.#exchange === undefined || nowMs < Math.min(this.#deadlineMs, this.#pace.deadlineMs)) return;
    this.#fail(new BrokenConnection(this.#connected ? 'STALLED' : 'CONNECT_TIMEOUT'));
  }

  destroy(): void {
    this.#fail(new BrokenConnection('CLOSED'));
  }

  #onTaken(bytes: number): void {
    this.#options.onMoved?.(bytes);
    // Where the answer has begun already, its pace is what counts.
    if (this.#reader.head !== undefined || !isSliced(this.#exchange?.request.body)) return;
    this.#deadlineMs = Infinity;
    this.#pace.moved(bytes);
    if (!this.#sender.isSending) this.#await();
  }

  /** The connection stands and the request is on its way: until when there has to be a sign of life. */
  #await(): void {
    const body = this.#exchange?.request.body;
    const { idleMsMax, slowestSend } = this.#options;
    if (isSliced(body) && this.#sender.isSending) {
      this.#deadlineMs = Infinity;
      this.#pace.begin(slowestSend, true);
      return;
    }
    const drainMs = Math.min((body?.length ?? 0) / KERNEL_BYTES_PER_MS, idleMsMax * (PATIENCE_AFTER_BODY - 1));
    const pauseMs = isSliced(body) ? patienceMs(slowestSend, this.#pace.end()) : 0;
    this.#deadlineMs = performance.now() + idleMsMax + Math.max(drainMs, pauseMs);
  }

  #touch(): void {
    this.#deadlineMs = performance.now() + this.#options.idleMsMax;
  }

  #onData(bytes: Buffer): void {
    const exchange = this.#exchange;
    // What nobody asked for.
    if (exchange === undefined) return this.#fail(new MalformedResponse('bytes without a request'));
    this.#touch();
    try {
      let at = 0;
      // Only this exchange's: the connection may have begun the next one by the end of it, and what stands behind is not its answer.
      while (at < bytes.length && this.#exchange === exchange) at = this.#reader.read(bytes, at);
      if (at < bytes.length) this.#fail(new MalformedResponse('bytes behind a response'));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #onBody(): void {
    // Only of a body that is there already: what is made while it is sent, such as the answer to CompleteMultipartUpload, is kept alive by single bytes.
    const isLost = this.#exchange?.request.into?.broke === undefined;
    this.#pace.begin(isLost ? this.#options.slowestWhole : this.#options.slowestReceive, false);
  }

  #onReceived(bytes: number): void {
    if (this.#reader.head?.framing === 'length') this.#pace.moved(bytes);
    this.#options.onMoved?.(bytes);
  }

  #onWhole(head: ResponseHead, body: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    this.#pace.end();
    this.quietSinceMs = performance.now();
    // An answer before the whole request was sent leaves the rest of it in the way.
    if (head.keepAlive && head.framing !== 'close' && !this.#sender.isSending) {
      this.#socket.unref();
      this.#options.onFree(this);
    } else this.#close();
    exchange.settle({ response: { status: head.status, headers: head.headers, body } });
  }

  #onEnd(): void {
    try {
      if (!this.#reader.end()) this.#fail(new BrokenConnection('CLOSED'));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // Of a request that was given up nothing more is to arrive.
    if (exchange !== undefined && !this.#closed) resetSocket(this.#tunnel ?? this.#socket);
    this.#close();
    this.#reader.breakOff();
    exchange?.settle({ error });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    this.#tunnel?.destroy();
    this.#options.onClosed(this);
  }
}
