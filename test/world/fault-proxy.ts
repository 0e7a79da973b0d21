import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Hears of every request; for tests that act at a certain one. */
  watch?: (seen: SeenRequest) => void;
}

/** One request on its way through the proxy. */
export interface SeenRequest {
  service: 'dynamodb' | 's3';
  operation: string;
  path: string;
  body: Buffer;
  /** `arrived`: nothing was forwarded yet. `answered`: the effect has happened, the client has not heard of it. */
  moment: 'arrived' | 'answered';
}

interface Exchange {
  method: string;
  path: string;
  rawHeaders: string[];
  body: Buffer;
  service: 'dynamodb' | 's3';
  operation: string;
}

/**
 * A proxy in front of DynamoDB Local or radosgw that injects faults. Requests are forwarded with the very headers that the client signed, the Host
 * among them, so signatures verify. Whole bodies are held in memory. `await using proxy = await FaultProxy.start({ upstream })`.
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
  readonly #watch: (seen: SeenRequest) => void;
  readonly #requests = new Map<string, number>();

  private constructor({ upstream, rules = [], seed = 1, watch = () => undefined }: FaultProxyOptions) {
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
    const exchange = await readExchange(request);
    const { operation } = exchange;
    this.#requests.set(operation, this.requests(operation) + 1);
    this.#watch({ ...exchange, moment: 'arrived' });
    const fault = this.plan.decide(operation, exchange.path);
    if (fault?.kind === 'reset-before') {
      request.socket.resetAndDestroy();
      return;
    }
    const answer = await this.#answer(exchange, fault);
    if (exchange.service === 'dynamodb') this.capacity.add(answer.body, performance.now());
    this.#watch({ ...exchange, moment: 'answered' });
    if (fault?.kind === 'reset-after') request.socket.resetAndDestroy();
    else this.#respond(response, answer, fault);
  }

  async #answer(exchange: Exchange, fault: Fault | undefined): Promise<Answer> {
    const { service, operation, body } = exchange;
    switch (fault?.kind) {
      case 'throttle':
        return throttled(service);
      case 'server-error':
        return internalError(service, 500);
      case 'error-in-200':
        return internalError(service, 200);
      case 'latency':
        await sleep(fault.delayMs);
        return this.#forward(exchange, body);
      case 'partial-batch': {
        if (operation !== 'BatchWriteItem') throw new Error(`partial-batch does not fit ${operation}`);
        const split = splitBatch(body, this.#random);
        return split === undefined
          ? throttled(service)
          : reportHeld(await this.#forward(exchange, split.forwarded), split.held);
      }
      default:
        return this.#forward(exchange, body);
    }
  }

  #respond(response: ServerResponse, answer: Answer, fault: Fault | undefined): void {
    const { status, headers, body } = answer;
    response.writeHead(status, headers);
    const half = body.subarray(0, body.length >> 1);
    if (fault?.kind === 'truncate') response.write(half, () => response.destroy());
    else if (fault?.kind === 'stall') response.write(half);
    else if (fault?.kind === 'corrupt') response.end(withOneByteChanged(body, this.#random));
    else response.end(body);
  }

  #forward(exchange: Exchange, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#upstream;
      const { method, path } = exchange;
      const headers = [...withoutFraming(exchange.rawHeaders), 'content-length', String(body.length)];
      const upstream = httpRequest(
        // Raw pairs are sent as they are; setHost would add a second Host.
        { hostname, port, method, path, headers, agent: this.#agent, setHost: false },
        (incoming) => {
          readAll(incoming).then((content) => {
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.rawHeaders, body: content });
          }, reject);
        },
      );
      upstream.once('error', reject);
      upstream.end(body);
    });
  }
}

async function readExchange(request: IncomingMessage): Promise<Exchange> {
  const { method = '', url: path = '', rawHeaders } = request;
  const target = request.headers['x-amz-target'];
  const operation = operationName(method, path, typeof target === 'string' ? target : undefined);
  const service = target === undefined ? 's3' : 'dynamodb';
  return { method, path, rawHeaders, service, operation, body: await readAll(request) };
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

function withOneByteChanged(body: Buffer, random: Random): Buffer {
  const changed = Buffer.from(body);
  if (changed.length > 0) changed[random.integer(0, changed.length - 1)] ^= 0x01;
  return changed;
}
