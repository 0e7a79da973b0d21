import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ChunkedBody } from './chunked-body.ts';
import { MalformedResponse, parseHead, requestHead, type ResponseHead } from './http-message.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { PaceWatch, patienceMs, type Pace } from './pace.ts';
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

/** What the socket reads into, again and again: received bytes are copied to where they belong, and no garbage comes of them. */
const RECEIVE_BYTES = 128 * 1024;
const HEAD_BYTES_MAX = 64 * 1024;
/** Largest response that is accepted; nothing that dynaferry asks for is near it. */
const RESPONSE_BYTES_MAX = 1024 * 1024 * 1024;
/** A longer body is sent in slices: every slice that the kernel takes is a sign of life. */
const ONE_PIECE_BYTES = 64 * 1024;
/**
 * Slices are small until the connection has taken more than the kernel may hold by itself (some 100 KB, which says nothing of the link), and wherever
 * one takes long: 64 KiB would take 20 s at 3 KB/s. Long ones save CPU.
 */
const SLICE_BYTES_MIN = 16 * 1024;
const SLICE_BYTES_MAX = 256 * 1024;
const KERNEL_BYTES = 512 * 1024;
const SLOW_SLICE_MS = 1000;
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
const HEAD_END = Buffer.from('\r\n\r\n');

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
  readonly #host: string;
  #connected = false;
  #closed = false;
  #exchange: Exchange | undefined;
  #deadlineMs = Infinity;
  readonly #pace = new PaceWatch();
  #sending = false;
  #sliceBytes = SLICE_BYTES_MIN;
  #sentBytes = 0;
  #sendBuffer = Buffer.alloc(0);
  #shared: Buffer | undefined;
  // Of the response that is being received.
  #headRest: Buffer | undefined;
  #head: ResponseHead | undefined;
  #body: Buffer | undefined;
  #received = 0;
  #chunked: ChunkedBody | undefined;
  #pieces: Buffer[] = [];

  constructor(url: URL, options: ConnectionOptions) {
    this.#options = options;
    this.#host = url.host;
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
        buffer: () => this.#receiveBuffer(),
        callback: (length: number, buffer: Uint8Array): boolean => {
          this.#onData(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          return true;
        },
      },
    };
    this.#socket = secure ? connectTls({ ...settings, ...name }, onConnect) : connect(settings, onConnect);
    this.#listen();
  }

  /** Where the socket puts what it receives next: a long body where it belongs, all else where it is copied from. */
  #receiveBuffer(): Buffer {
    const left = this.#body === undefined ? 0 : this.#body.length - this.#received;
    if (this.#body !== undefined && left >= RECEIVE_BYTES) return this.#body.subarray(this.#received);
    return (this.#shared ??= Buffer.allocUnsafeSlow(RECEIVE_BYTES));
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
    this.#head = undefined;
    this.#socket.ref();
    this.#deadlineMs = performance.now() + (this.#connected ? this.#options.idleMsMax : CONNECT_MS_MAX);
    if (this.#isOpen) this.#send(exchange);
  }

  #send(exchange: Exchange): void {
    const { method, path, headers, body } = exchange.request;
    const head = requestHead(method, path, this.#host, headers, body?.length);
    if (body === undefined) this.#socket.write(head, 'latin1');
    else if (body.length <= ONE_PIECE_BYTES) {
      this.#sending = true;
      this.#socket.write(this.#message(head, body), (error) => {
        if (error || this.#exchange !== exchange) return;
        this.#sending = false;
        this.#options.onMoved?.(body.length);
      });
    } else {
      this.#sending = true;
      this.#socket.write(head, 'latin1');
      this.#sendSlice(exchange, body, 0);
    }
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

  /** Head and body in one piece, in memory that the connection's next request uses again: this one is sent by then, or the connection is closed. */
  #message(head: string, body: Buffer): Buffer {
    const length = head.length + body.length;
    if (this.#sendBuffer.length < length) this.#sendBuffer = Buffer.allocUnsafeSlow(length + (length >> 1));
    this.#sendBuffer.write(head, 'latin1');
    body.copy(this.#sendBuffer, head.length);
    return this.#sendBuffer.subarray(0, length);
  }

  #sendSlice(exchange: Exchange, body: Buffer, at: number): void {
    const end = Math.min(body.length, at + this.#sliceBytes);
    const sinceMs = performance.now();
    this.#socket.write(body.subarray(at, end), (error) => {
      if (error || this.#exchange !== exchange) return;
      this.#sliceTaken(end - at, performance.now() - sinceMs);
      if (end < body.length) return this.#sendSlice(exchange, body, end);
      this.#sending = false;
      if (this.#head === undefined) this.#await();
    });
  }

  #sliceTaken(bytes: number, tookMs: number): void {
    this.#sentBytes += bytes;
    if (tookMs > SLOW_SLICE_MS) this.#sliceBytes = SLICE_BYTES_MIN;
    else if (this.#sentBytes > KERNEL_BYTES) this.#sliceBytes = Math.min(SLICE_BYTES_MAX, this.#sliceBytes * 2);
    this.#options.onMoved?.(bytes);
    // Where the answer has begun already, its pace is what counts.
    if (this.#head !== undefined) return;
    this.#deadlineMs = Infinity;
    this.#pace.moved(bytes);
  }

  /** The connection stands and the request is on its way: until when there has to be a sign of life. */
  #await(): void {
    const length = this.#exchange?.request.body?.length ?? 0;
    const { idleMsMax, slowestSend } = this.#options;
    if (length > ONE_PIECE_BYTES && this.#sending) {
      this.#deadlineMs = Infinity;
      this.#pace.begin(slowestSend, true);
      return;
    }
    const drainMs = Math.min(length / KERNEL_BYTES_PER_MS, idleMsMax * (PATIENCE_AFTER_BODY - 1));
    const pauseMs = length > ONE_PIECE_BYTES ? patienceMs(slowestSend, this.#pace.end()) : 0;
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
      while (at < bytes.length && this.#exchange === exchange) at = this.#receive(bytes, at);
      if (at < bytes.length) this.#fail(new MalformedResponse('bytes behind a response'));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Takes what of the bytes belongs to the part of the response that is due; returns the position behind it. */
  #receive(bytes: Buffer, at: number): number {
    if (this.#head === undefined) return this.#receiveHead(bytes, at);
    if (this.#chunked !== undefined) {
      const before = this.#chunked.length;
      const end = this.#chunked.read(bytes, at);
      this.#options.onMoved?.(this.#chunked.length - before);
      if (this.#chunked.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      if (this.#chunked.ended) this.#finish(Buffer.concat(this.#chunked.pieces, this.#chunked.length));
      return end;
    }
    if (this.#body === undefined) {
      this.#pieces.push(Buffer.from(bytes.subarray(at)));
      this.#received += bytes.length - at;
      this.#options.onMoved?.(bytes.length - at);
      if (this.#received > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      return bytes.length;
    }
    const end = Math.min(bytes.length, at + this.#body.length - this.#received);
    const isThere = bytes.buffer === this.#body.buffer && bytes.byteOffset === this.#body.byteOffset + this.#received;
    if (!isThere) bytes.copy(this.#body, this.#received, at, end);
    this.#received += end - at;
    this.#pace.moved(end - at);
    this.#options.onMoved?.(end - at);
    if (this.#received === this.#body.length) this.#finish(this.#body);
    return end;
  }

  #receiveHead(bytes: Buffer, at: number): number {
    const rest = this.#headRest?.length ?? 0;
    const whole =
      this.#headRest === undefined ? bytes.subarray(at) : Buffer.concat([this.#headRest, bytes.subarray(at)]);
    const end = whole.indexOf(HEAD_END);
    if (end < 0) {
      if (whole.length > HEAD_BYTES_MAX) throw new MalformedResponse('headers without end');
      // Something else than HTTP is known by its first bytes.
      if (whole.length >= 5 && whole.toString('latin1', 0, 5) !== 'HTTP/')
        throw new MalformedResponse('not an HTTP response');
      this.#headRest = Buffer.from(whole);
      return bytes.length;
    }
    this.#headRest = undefined;
    const head = parseHead(whole.toString('latin1', 0, end), this.#exchange?.request.method ?? 'GET');
    // Interim responses announce the real one.
    if (head.status >= 200) this.#beginBody(head);
    return at + end + HEAD_END.length - rest;
  }

  #beginBody(head: ResponseHead): void {
    this.#head = head;
    this.#received = 0;
    this.#pieces = [];
    this.#body = undefined;
    this.#chunked = head.framing === 'chunked' ? new ChunkedBody() : undefined;
    if (head.framing === 'none') this.#finish(Buffer.alloc(0));
    else if (head.framing === 'length') {
      if (head.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      this.#body = this.#exchange?.request.into?.take(head.length, head) ?? Buffer.allocUnsafeSlow(head.length);
      // Only of a body that is there already: what is made while it is sent, such as the answer to CompleteMultipartUpload, is kept alive by single bytes.
      const isLost = this.#exchange?.request.into?.broke === undefined;
      this.#pace.begin(isLost ? this.#options.slowestWhole : this.#options.slowestReceive, false);
    }
  }

  #finish(body: Buffer): void {
    const exchange = this.#exchange;
    const head = this.#head;
    if (exchange === undefined || head === undefined) return;
    this.#exchange = undefined;
    this.#head = undefined;
    this.#body = undefined;
    this.#chunked = undefined;
    this.#pace.end();
    this.quietSinceMs = performance.now();
    // An answer before the whole request was sent leaves the rest of it in the way.
    if (head.keepAlive && head.framing !== 'close' && !this.#sending) {
      this.#socket.unref();
      this.#options.onFree(this);
    } else this.#close();
    exchange.settle({ response: { status: head.status, headers: head.headers, body } });
  }

  #onEnd(): void {
    if (this.#head?.framing === 'close') this.#finish(Buffer.concat(this.#pieces, this.#received));
    else this.#fail(new BrokenConnection('CLOSED'));
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    const hasBody = this.#body !== undefined;
    this.#exchange = undefined;
    this.#body = undefined;
    this.#close();
    if (hasBody) exchange?.request.into?.broke?.(this.#received);
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
