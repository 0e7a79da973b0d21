import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answer {
  status: number;
  body?: string;
  headers?: Record<string, string>;
}

/** A service that gives the answers it is told to give; remembers what it was asked. */
export class AnsweringService implements AsyncDisposable {
  readonly asked: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  readonly #server;

  constructor(answer: (request: IncomingMessage, nth: number) => Answer) {
    this.#server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      this.asked.push({ method, url, headers });
      const { status, body = '', headers: own } = answer(request, this.asked.length);
      request.resume().on('end', () => {
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...own });
        response.end(method === 'HEAD' ? '' : body);
      });
    }).listen(0, '127.0.0.1');
  }

  async start(): Promise<this> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** An S3 error document. */
export function s3Error(code: string, message = 'some words', more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>1</RequestId></Error>`;
}

/** A DynamoDB error body. */
export function dynamoDbError(code: string, message = 'some words'): string {
  return JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message });
}
