import { Pool, type Dispatcher } from 'undici';
import type { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';

/** One HTTP request to an endpoint; header names lower-case. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'HEAD' | 'DELETE';
  /** Path and query, encoded. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** Where the answer's body is put; a buffer of its own where absent. */
  into?: BufferPool;
  signal?: AbortSignal;
}

/** A whole response. The body is the caller's; it is as long as announced. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface HttpClientOptions {
  /** Connections to the endpoint at the most. */
  connectionsMax: number;
  /** Longest silence: while a long body is sent, until an answer begins, and between two pieces of it. */
  idleMsMax: number;
}

/** Largest response that is accepted; nothing that dynaferry asks for is near it. */
const RESPONSE_BYTES_MAX = 1024 * 1024 * 1024;
/** A longer body is sent in slices: every slice that the connection takes is a sign of life, however slow the link. */
const SLICE_BYTES = 64 * 1024;
/** Behind the last slice the kernel still holds much of a long body: the answer may take so many times longer to begin. */
const PATIENCE_AFTER_BODY = 4;

/**
 * Keep-alive connections to one endpoint. A response is collected into one buffer; a body shorter than announced, a reset, a refused connection and
 * a stall end as UNREACHABLE or INTERRUPTED_NETWORK, after which the request may or may not have taken effect.
 */
export class HttpClient {
  readonly origin: string;
  readonly host: string;
  readonly #pool: Pool;
  readonly #idleMsMax: number;

  constructor(endpoint: string, options: HttpClientOptions) {
    const url = new URL(endpoint);
    this.#idleMsMax = options.idleMsMax;
    this.origin = url.origin;
    this.host = url.host;
    this.#pool = new Pool(url.origin, {
      connections: options.connectionsMax,
      pipelining: 1,
      headersTimeout: options.idleMsMax,
      bodyTimeout: options.idleMsMax,
      connect: { timeout: 10_000 },
      keepAliveTimeout: 30_000,
    });
  }

  /** Sends the request and collects the answer, whatever its status. Rejects with an AbortError when the signal aborts. */
  send(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) {
        reject(abortError());
        return;
      }
      const collector = new Collector(this.origin, request, resolve, reject);
      try {
        this.#pool.dispatch(this.#options(request), collector);
      } catch (error) {
        collector.onResponseError(undefined, error as Error);
      }
    });
  }

  #options({ method, path, headers, body }: HttpRequest): Dispatcher.DispatchOptions {
    if (body === undefined || body.length <= SLICE_BYTES) return { method, path, headers, body: body ?? null };
    return {
      method,
      path,
      headers: { ...headers, 'content-length': String(body.length) },
      // Undici takes any iterable; its types know of streams only.
      body: slices(body) as unknown as Dispatcher.DispatchOptions['body'],
      headersTimeout: this.#idleMsMax * PATIENCE_AFTER_BODY,
    };
  }

  /** Closes all connections; requests under way fail. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function* slices(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
}

function abortError(): Error {
  return new DOMException('This operation was aborted', 'AbortError');
}

/** Undici's handler for one request: into one buffer of the announced size where the size is announced. */
class Collector implements Dispatcher.DispatchHandler {
  readonly #origin: string;
  readonly #hasBody: boolean;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #into: BufferPool | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: HttpResponse['headers'] = {};
  #body: Buffer | undefined;
  #length = 0;
  #chunks: Buffer[] = [];

  constructor(
    origin: string,
    { method, signal, into }: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#origin = origin;
    this.#into = into;
    // A HEAD announces a length without a body.
    this.#hasBody = method !== 'HEAD';
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => {
    this.#controller?.abort(abortError());
    // Before the request starts there is no controller; the promise must settle all the same.
    this.#reject(abortError());
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(abortError());
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = statusCode;
    this.#headers = headers;
    const announced = Number(headers['content-length']);
    if (this.#hasBody && announced > 0 && announced <= RESPONSE_BYTES_MAX && headers['transfer-encoding'] === undefined)
      this.#body = this.#into?.take(announced) ?? Buffer.allocUnsafeSlow(announced);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body !== undefined && this.#length + chunk.length <= this.#body.length)
      chunk.copy(this.#body, this.#length);
    else this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > RESPONSE_BYTES_MAX) this.#controller?.abort(new RangeError('response too large'));
  }

  onResponseEnd(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const body = this.#length === 0 ? Buffer.alloc(0) : (this.#body ?? Buffer.concat(this.#chunks, this.#length));
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#reject(error.name === 'AbortError' ? error : networkError(error, this.#origin));
  }
}

/** Failures before anything was sent: the endpoint itself is in question. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function networkError(error: Error, origin: string): DynaferryError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (unreachable.has(code))
    return new DynaferryError('UNREACHABLE', `cannot reach ${origin} (${code})`, { cause: error });
  if (code.startsWith('ERR_TLS') || code.includes('CERT'))
    return new DynaferryError('UNREACHABLE', `the certificate of ${origin} is not accepted (${code})`, {
      cause: error,
      fix: 'Check the endpoint, the clock, and NODE_EXTRA_CA_CERTS where a company proxy signs certificates.',
    });
  return new DynaferryError('INTERRUPTED_NETWORK', `the connection to ${origin} broke (${code})`, { cause: error });
}

/** A response header as one string. */
export function header(response: HttpResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
