import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { cut, paced, withOneByteChanged, type Chunks } from './body-faults.ts';
import { CapacityMeter } from './capacity-meter.ts';
import { FaultPlan } from './fault-plan.ts';
import type { Fault, FaultRule } from './fault.ts';
import { operationName } from './operation-name.ts';
import { reportHeld, splitBatch } from './partial-batch.ts';
import { Random } from './random.ts';
import { errorAnswer } from './service-answer.ts';
import type { Answer } from './service-answer.ts';

export interface FaultProxyOptions {
  /** DynamoDB Local or a radosgw: `http://127.0.0.1:<port>`. */
  upstream: string;
  rules?: readonly FaultRule[];
  /** With one connection the same seed gives the same faults; with several, their order decides too. */
  seed?: number;
  /** Hears of every request, its whole body included, which then is held in memory; for tests that act at a certain one. What it promises is waited for. */
  watch?: (seen: SeenRequest) => void | Promise<void>;
}

/** One request on its way through the proxy. */
export interface SeenRequest {
  service: 'dynamodb' | 's3';
  operation: string;
  path: string;
  /** Names and values in turn, as they were sent. */
  rawHeaders: readonly string[];
  body: Buffer;
  /** `arrived`: nothing was forwarded yet. `answered`: the effect has happened, the client has not heard of it. */
  moment: 'arrived' | 'answered';
}

/** One message's body: whole in memory, or as it comes in. */
type Body = Buffer | { incoming: IncomingMessage; length: number };

interface Exchange {
  method: string;
  path: string;
  rawHeaders: string[];
  body: Body;
  service: 'dynamodb' | 's3';
  operation: string;
}

/** As the service gave it, or as it would have. */
interface Reply extends Omit<Answer, 'body'> {
  body: Body;
}

/**
 * A proxy in front of DynamoDB Local or radosgw that injects faults. Requests are forwarded with the very headers that the client signed, the Host
 * among them, so signatures verify. Objects pass through as they come, whatever their size; DynamoDB's bodies are held whole.
 * `await using proxy = await FaultProxy.start({ upstream })`.
 */
export class FaultProxy implements AsyncDisposable {
  /** Of DynamoDB answers that passed. */
  readonly capacity = new CapacityMeter();
  readonly plan: FaultPlan;
  readonly #random: Random;
  readonly #upstream: URL;
  /** Gives up idle connections before the service does, or a request might meet the end of one: a fault that nobody planned. */
  readonly #agent = new Agent({ keepAlive: true, timeout: 5_000 });
  readonly #server: Server;
  readonly #watch: FaultProxyOptions['watch'];
  readonly #requests = new Map<string, number>();

  private constructor({ upstream, rules = [], seed = 1, watch }: FaultProxyOptions) {
    this.#watch = watch;
    this.#upstream = new URL(upstream);
    this.#random = new Random(seed);
    this.plan = new FaultPlan(rules, this.#random);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.socket.resetAndDestroy());
    });
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** To give to the client in place of the service's. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many requests arrived, of one operation or in all. */
  requests(operation?: string): number {
    if (operation !== undefined) return this.#requests.get(operation) ?? 0;
    return [...this.#requests.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Ends all connections, the stalled ones too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await this.#readExchange(request);
    const { operation } = exchange;
    this.#requests.set(operation, this.requests(operation) + 1);
    await this.#tell(exchange, 'arrived');
    const fault = this.plan.decide(operation, exchange.path);
    if (fault?.kind === 'reset-during-upload') await receive(exchange.body, exchange.body.length >> 1);
    if (fault?.kind === 'reset-before') await receive(exchange.body);
    if (fault?.kind === 'reset-before' || fault?.kind === 'reset-during-upload') {
      request.socket.resetAndDestroy();
      return;
    }
    const reply = await this.#answer(exchange, fault);
    if (exchange.service === 'dynamodb') this.capacity.add(await whole(reply.body), performance.now());
    if (fault?.kind === 'reset-after' || fault?.kind === 'stall-before') await receive(reply.body);
    await this.#tell(exchange, 'answered');
    if (fault?.kind === 'reset-after') request.socket.resetAndDestroy();
    else if (fault?.kind !== 'stall-before') await this.#respond(response, reply, fault);
  }

  async #tell(exchange: Exchange, moment: SeenRequest['moment']): Promise<void> {
    const { service, operation, path, rawHeaders, body } = exchange;
    if (Buffer.isBuffer(body)) await this.#watch?.({ service, operation, path, rawHeaders, body, moment });
  }

  async #answer(exchange: Exchange, fault: Fault | undefined): Promise<Reply> {
    const { service, operation, body } = exchange;
    switch (fault?.kind) {
      case 'throttle':
        await receive(body);
        return throttled(service);
      case 'server-error':
        await receive(body);
        return internalError(service, 500);
      case 'refuse':
        await receive(body);
        return errorAnswer(service, fault.status, { code: fault.code, message: 'Refused.' });
      case 'error-in-200':
        await receive(body);
        return internalError(service, 200);
      case 'latency':
        await sleep(fault.delayMs);
        return this.#forward(exchange, body);
      case 'corrupt-request':
        return this.#forward(exchange, body, this.#changedOffset(body.length));
      case 'partial-batch': {
        if (operation !== 'BatchWriteItem') throw new Error(`partial-batch does not fit ${operation}`);
        const split = splitBatch(await whole(body), this.#random);
        if (split === undefined) return throttled(service);
        const reply = await this.#forward(exchange, split.forwarded);
        return reportHeld({ ...reply, body: await whole(reply.body) }, split.held);
      }
      default:
        return this.#forward(exchange, body);
    }
  }

  async #respond(response: ServerResponse, reply: Reply, fault: Fault | undefined): Promise<void> {
    const { status, headers, body } = reply;
    response.writeHead(status, headers);
    const { length } = body;
    switch (fault?.kind) {
      case 'truncate':
        await send(response, cut(chunksOf(body), this.#changedOffset(length)));
        response.destroy();
        return;
      case 'stall':
        await send(response, cut(chunksOf(body), length >> 1));
        return;
      case 'slow-body':
        await send(response, paced(chunksOf(body), fault.bytesPerSecond));
        break;
      case 'corrupt':
        await send(response, withOneByteChanged(chunksOf(body), this.#changedOffset(length)));
        break;
      default:
        await send(response, chunksOf(body));
    }
    response.end();
  }

  /** A random place in a body of that length. */
  #changedOffset(length: number): number {
    return length === 0 ? 0 : this.#random.integer(0, length - 1);
  }

  /** `changedOffset` is where the service gets another byte than was sent. */
  async #forward(exchange: Exchange, body: Body, changedOffset?: number): Promise<Reply> {
    const { hostname, port } = this.#upstream;
    const { method, path } = exchange;
    const headers = [...withoutFraming(exchange.rawHeaders), 'content-length', String(body.length)];
    const upstream = httpRequest(
      // Raw pairs are sent as they are; setHost would add a second Host.
      { hostname, port, method, path, headers, agent: this.#agent, setHost: false },
    );
    const chunks = changedOffset === undefined ? chunksOf(body) : withOneByteChanged(chunksOf(body), changedOffset);
    const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
    // A service that refuses a request need not read its body: what comes of sending it is then of no interest.
    const [incoming] = await Promise.race([answered, pipeline(chunks, upstream).then(() => answered)]);
    const announced = incoming.headers['content-length'];
    const isStreamed = exchange.service === 's3' && method === 'GET' && announced !== undefined;
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.rawHeaders,
      body: isStreamed ? { incoming, length: Number(announced) } : await readAll(incoming),
    };
  }

  async #readExchange(request: IncomingMessage): Promise<Exchange> {
    const { method = '', url: path = '', rawHeaders } = request;
    const target = request.headers['x-amz-target'];
    const operation = operationName(method, path, typeof target === 'string' ? target : undefined);
    const service = target === undefined ? 's3' : 'dynamodb';
    const announced = request.headers['content-length'];
    const isStreamed = service === 's3' && announced !== undefined && this.#watch === undefined;
    const body = isStreamed ? { incoming: request, length: Number(announced) } : await readAll(request);
    return { method, path, rawHeaders, service, operation, body };
  }
}

function chunksOf(body: Body): Chunks {
  return Buffer.isBuffer(body) ? asChunks(body) : (body.incoming as Chunks);
}

async function* asChunks(body: Buffer): AsyncGenerator<Buffer> {
  if (body.length > 0) yield body;
}

/** Takes so many bytes of a body and drops them; all where no number is given. */
async function receive(body: Body, bytes = Infinity): Promise<void> {
  if (Buffer.isBuffer(body)) return;
  let received = 0;
  // Left open: whoever resets the connection wants it to be there still.
  for await (const chunk of body.incoming.iterator({ destroyOnReturn: false })) {
    received += (chunk as Buffer).length;
    if (received >= bytes) return;
  }
}

/** Resolves when the system has taken all. Rejects when the client is gone. */
async function send(response: ServerResponse, chunks: Chunks): Promise<void> {
  response.flushHeaders();
  for await (const chunk of chunks)
    await new Promise<void>((resolve, reject) => {
      const onClose = (): void => reject(new Error('the client is gone'));
      response.once('close', onClose);
      response.write(chunk, () => {
        response.off('close', onClose);
        resolve();
      });
    });
}

function whole(body: Body): Promise<Buffer> | Buffer {
  return Buffer.isBuffer(body) ? body : readAll(body.incoming);
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Headers that belong to one connection, or that the whole body in hand makes wrong. None of them is signed. */
const framing = new Set(['connection', 'expect', 'transfer-encoding', 'content-length']);

function withoutFraming(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (!framing.has(rawHeaders[i].toLowerCase())) kept.push(rawHeaders[i], rawHeaders[i + 1]);
  return kept;
}

function throttled(service: Exchange['service']): Answer {
  return service === 'dynamodb'
    ? errorAnswer(service, 400, {
        code: 'ProvisionedThroughputExceededException',
        message: 'The level of configured provisioned throughput for the table was exceeded.',
      })
    : errorAnswer(service, 503, { code: 'SlowDown', message: 'Please reduce your request rate.' });
}

function internalError(service: Exchange['service'], status: number): Answer {
  const code = service === 'dynamodb' ? 'InternalServerError' : 'InternalError';
  return errorAnswer(service, status, { code, message: 'We encountered an internal error. Please try again.' });
}
