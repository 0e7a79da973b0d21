import { DynaferryError } from '../model/errors.ts';
import { HttpConnection, type ConnectionOptions, type Exchange } from './http-connection.ts';
import { checkedPace, PACE_BYTES, RECEIVE_SHARE_OF_IDLE, type Pace } from './pace.ts';
import type { Proxy, Route } from './route.ts';

/** One HTTP request to an endpoint; header names lower-case. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'HEAD' | 'DELETE';
  /** Path and query, encoded. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** Where the answer's body is put; a buffer of its own where absent. */
  into?: BodySink;
  signal?: AbortSignal;
}

/** Where the bodies of answers are put. A BufferPool is one. */
export interface BodySink {
  /**
   * A buffer of this length, asked for when it is known: when the answer begins, before anything of the body is received, or at its end where it announces none. What
   * it throws ends the exchange.
   */
  take(length: number, head: Pick<HttpResponse, 'status' | 'headers'>): Buffer;
  /** A body of announced length broke off: so many bytes stand at the beginning of the buffer that was taken last. Heard before the request fails. */
  broke?(received: number): void;
}

/** A whole response. The body is the caller's; it is as long as announced. */
export interface HttpResponse {
  status: number;
  /** Names lower-case. */
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export interface HttpClientOptions {
  /** Connections to the endpoint at the most. */
  connectionsMax: number;
  /** Longest silence until an answer begins, and between two pieces of it. */
  idleMsMax: number;
  /** Slowest that a body may arrive that can be gone on with (BodySink.broke): 4 KiB within a quarter of `idleMsMax` where absent. Others have `idleMsMax`. */
  slowestReceive?: Pace;
  /** Slowest that the kernel may take a body of more than 64 KiB: 4 KiB within `idleMsMax` where absent, and longer the longer it has been sent. */
  slowestSend?: Pace;
  /** Hears of the bytes of bodies as they move: received, or taken by the kernel to be sent. */
  onMoved?: (bytes: number) => void;
  /** How the endpoint is reached; directly where absent. */
  route?: Route;
}

/** A free connection is closed after this: services close theirs after some seconds too, and a request should not meet that. */
const FREE_MS_MAX = 4000;

/**
 * Keep-alive connections to one endpoint. A response is collected into one buffer; a body shorter than announced, a reset, a refused connection and
 * a stall end as UNREACHABLE, CERTIFICATE_REJECTED, PROXY_REFUSED or INTERRUPTED_NETWORK, after which the request may or may not have taken effect.
 *
 * Our own and no library's, since what a request costs is most of what a load costs, and the buffers that libraries receive into are most of an
 * export's garbage (docs/benchmarks.md).
 */
export class HttpClient {
  readonly origin: string;
  readonly host: string;
  readonly #url: URL;
  readonly #options: HttpClientOptions;
  readonly #paces: Pick<ConnectionOptions, 'slowestReceive' | 'slowestSend' | 'slowestWhole'>;
  readonly #connections = new Set<HttpConnection>();
  readonly #free: HttpConnection[] = [];
  readonly #waiting = new Set<Exchange>();
  #watch: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(endpoint: string, options: HttpClientOptions) {
    this.#url = new URL(endpoint);
    this.#options = options;
    const { idleMsMax } = options;
    const paceWithin = (withinMs: number): Pace => ({ minBytes: PACE_BYTES, withinMs });
    this.#paces = {
      slowestReceive: checkedPace(
        'slowestReceive',
        options.slowestReceive ?? paceWithin(idleMsMax * RECEIVE_SHARE_OF_IDLE),
      ),
      slowestSend: checkedPace('slowestSend', options.slowestSend ?? paceWithin(idleMsMax)),
      slowestWhole: checkedPace('idleMsMax', paceWithin(idleMsMax)),
    };
    this.origin = this.#url.origin;
    this.host = this.#url.host;
  }

  /** Sends the request and collects the answer, whatever its status. Rejects with an AbortError when the signal aborts. */
  send(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) {
        reject(abortError());
        return;
      }
      let connection: HttpConnection | undefined;
      const exchange: Exchange = {
        request,
        settle: (outcome) => {
          signal?.removeEventListener('abort', onAbort);
          if ('response' in outcome) resolve(outcome.response);
          else reject(this.#describe(outcome.error));
        },
      };
      const onAbort = (): void => {
        if (this.#waiting.delete(exchange)) exchange.settle({ error: abortError() });
        else connection?.abort(abortError());
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      exchange.onStart = (started) => (connection = started);
      this.#dispatch(exchange);
    });
  }

  /** Closes all connections; requests under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const exchange of this.#waiting) exchange.settle({ error: abortError() });
    this.#waiting.clear();
    for (const connection of this.#connections) connection.destroy();
  }

  #dispatch(exchange: Exchange): void {
    const connection = this.#free.pop() ?? this.#open();
    if (connection === undefined) {
      this.#waiting.add(exchange);
      return;
    }
    exchange.onStart?.(connection);
    try {
      connection.start(exchange);
    } catch (error) {
      connection.destroy();
      exchange.settle({ error: error as Error });
    }
  }

  #open(): HttpConnection | undefined {
    if (this.#closed || this.#connections.size >= this.#options.connectionsMax) return undefined;
    const connection = new HttpConnection(this.#url, {
      idleMsMax: this.#options.idleMsMax,
      ...this.#paces,
      route: this.#options.route ?? {},
      onMoved: this.#options.onMoved,
      onFree: (free) => this.#onFree(free),
      onClosed: (closed) => this.#onClosed(closed),
    });
    this.#connections.add(connection);
    const shortestMs = Math.min(...Object.values(this.#paces).map(({ withinMs }) => withinMs));
    this.#watch ??= setInterval(() => this.#look(), Math.min(1000, Math.max(20, shortestMs / 8))).unref();
    return connection;
  }

  #onFree(connection: HttpConnection): void {
    this.#free.push(connection);
    this.#serveWaiting();
  }

  #onClosed(connection: HttpConnection): void {
    this.#connections.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at >= 0) this.#free.splice(at, 1);
    this.#serveWaiting();
  }

  #serveWaiting(): void {
    const [exchange] = this.#waiting;
    if (exchange === undefined || this.#closed) return;
    this.#waiting.delete(exchange);
    this.#dispatch(exchange);
  }

  /** Ends what is silent for too long, and connections that nobody needs. */
  #look(): void {
    const nowMs = performance.now();
    for (const connection of this.#connections) connection.checkSilence(nowMs);
    for (const connection of this.#free.filter((free) => nowMs - free.quietSinceMs > FREE_MS_MAX)) connection.destroy();
    if (this.#connections.size > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #describe(error: Error): Error {
    return error.name === 'AbortError' || error instanceof DynaferryError
      ? error
      : networkError(error, this.origin, this.#options.route?.proxy);
  }
}

function abortError(): Error {
  return new DOMException('This operation was aborted', 'AbortError');
}

/** Failures before anything was sent: the endpoint itself is in question. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

function networkError(error: Error, endpoint: string, proxy: Proxy | undefined): DynaferryError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const origin = proxy === undefined ? endpoint : `${endpoint} through the proxy ${proxy.host}`;
  if (unreachable.has(code))
    return new DynaferryError('UNREACHABLE', `cannot reach ${origin} (${code})`, {
      cause: error,
      ...(proxy === undefined
        ? {}
        : { fix: `Check ${proxy.setting}, and that ${proxy.host} can be reached from here.` }),
    });
  if (/^ERR_TLS|CERT|^UNABLE_TO_VERIFY/.test(code))
    return new DynaferryError('CERTIFICATE_REJECTED', `the certificate of ${origin} is not accepted (${code})`, {
      cause: error,
    });
  return new DynaferryError('INTERRUPTED_NETWORK', `the connection to ${origin} broke (${code})`, { cause: error });
}

/** A response header as one string. */
export function header(response: Pick<HttpResponse, 'headers'>, name: string): string | undefined {
  return response.headers[name];
}
