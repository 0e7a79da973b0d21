import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import dynalite from 'dynalite';

/** An answer of the DynamoDB API: JSON text and its status. */
export interface JsonAnswer {
  readonly status: number;
  readonly json: string;
}

/** Milliseconds that a table spends in CREATING and the like: enough for a client to see it, not enough to wait for. */
const TABLE_CHANGE_MS = 20;

/**
 * dynalite's tables without its network side. Its own server ends the process when a client goes away in the middle of a
 * request, so it is handed requests that have been received whole.
 */
export class Dynalite {
  readonly #handle: RequestListener;

  constructor() {
    const server = dynalite({
      createTableMs: TABLE_CHANGE_MS,
      deleteTableMs: TABLE_CHANGE_MS,
      updateTableMs: TABLE_CHANGE_MS,
    });
    this.#handle = server.listeners('request')[0] as RequestListener;
  }

  /** Does what a request of the DynamoDB API asks. Resolves with errors, too, as JSON. */
  call(headers: IncomingHttpHeaders, body: Buffer): Promise<JsonAnswer> {
    return new Promise((resolve) => {
      // The few members of a request and a response that dynalite uses.
      const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers });
      const response = {
        statusCode: 200,
        setHeader: () => response,
        end: (json = '') => resolve({ status: response.statusCode, json }),
      };
      this.#handle(request as unknown as IncomingMessage, response as unknown as ServerResponse);
      if (body.length > 0) request.emit('data', body);
      request.emit('end');
    });
  }
}
