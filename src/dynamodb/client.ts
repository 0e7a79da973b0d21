import { crc32 } from 'node:zlib';
import { SignedClient, accessError, type ClientOptions, type ServiceRequest } from '../aws/signed-client.ts';
import { header, type HttpResponse } from '../aws/http-client.ts';
import type { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Site } from '../aws/site.ts';

/** Operations whose error messages can quote an item's values; of these only the service's code is passed on. */
const carriesItems = new Set([
  'Scan',
  'Query',
  'GetItem',
  'BatchGetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
  'GetRecords',
]);

/**
 * Asks for patience. LimitExceededException does so too where tables are made side by side ("… can be created simultaneously"), not where a
 * quota is used up, which waiting does not help.
 */
const throttling = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'ThrottledException',
]);

/** Somebody else's write to the same item is under way: it passes. */
const conflicts = new Set(['TransactionConflictException', 'ReplicatedWriteConflictException']);

/**
 * DynamoDB's JSON protocol over signed HTTP. Bodies go in and out as bytes; answers are checked against `x-amz-crc32`, as the service's
 * documentation asks of clients, since a body damaged on the way can still be valid JSON.
 */
export class DynamoDbClient {
  readonly site: Site;
  readonly #client: SignedClient;
  readonly #headers = new Map<string, Record<string, string>>();

  constructor(site: Site, options: ClientOptions = {}) {
    this.site = site;
    this.#client = new SignedClient(site, 'dynamodb', site.dynamodbUrl, classify, options);
  }

  /**
   * One operation with the request's JSON as bytes; resolves with the answer's JSON as bytes. `table` is for messages. Throttling and faults of
   * service or network are retried within the client's retry policy, so the operation must be one that may take effect twice.
   * `into` gives the buffer that the answer is put in.
   */
  async call(operation: string, table: string, body: Buffer, signal?: AbortSignal, into?: BufferPool): Promise<Buffer> {
    const response = await this.#client.send({
      method: 'POST',
      path: '/',
      headers: this.#headersOf(operation),
      body,
      operation,
      resource: tableArn(this.site, table),
      signal,
      into,
    });
    return response.body;
  }

  /** The same for operations on the control plane, where values are small: plain objects in and out. */
  async callJson<Output>(operation: string, table: string, input: object, signal?: AbortSignal): Promise<Output> {
    const body = await this.call(operation, table, Buffer.from(JSON.stringify(input)), signal);
    return JSON.parse(body.toString('utf8')) as Output;
  }

  #headersOf(operation: string): Record<string, string> {
    let headers = this.#headers.get(operation);
    if (headers === undefined) {
      headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` };
      this.#headers.set(operation, headers);
    }
    return headers;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** The table's ARN as far as it is known here: the account stands as `*`. */
function tableArn(site: Site, table: string): string {
  return `arn:${site.partitionId}:dynamodb:${site.region}:*:table/${table}`;
}

/** Judges an answer: undefined where it is a success. Whatever an error's message says, it quotes no item. */
export function classify(response: HttpResponse, request: ServiceRequest, site: Site): DynaferryError | undefined {
  const announced = header(response, 'x-amz-crc32');
  if (announced !== undefined && crc32(response.body) !== Number(announced))
    return new DynaferryError(
      'INTERRUPTED_NETWORK',
      `${site.role}: the answer to ${request.operation} arrived damaged (x-amz-crc32)`,
    );
  if (response.status === 200) return undefined;
  const { code, message } = readError(response.body);
  const table = request.resource.slice(request.resource.indexOf('table/') + 6);
  const details = { serviceCode: code, serviceMessage: message, status: response.status };
  if (throttling.has(code) || (code === 'LimitExceededException' && /simultaneous|concurrent/i.test(message)))
    return new DynaferryError(
      'THROTTLED',
      `${site.role}: table ${table} throttles ${request.operation} (${code})`,
      details,
    );
  if (code === 'ResourceNotFoundException')
    return new DynaferryError(
      'TABLE_NOT_FOUND',
      `${site.role}: there is no table '${table}' in ${site.region} for these credentials`,
      details,
    );
  if (code === UNREADABLE && response.status < 500)
    return new DynaferryError(
      'REQUEST_REFUSED',
      `${site.role}: ${site.dynamodbUrl} does not answer as DynamoDB does (status ${response.status})`,
      {
        ...details,
        fix: `Check endpoint.dynamodb of the ${site.role} in migration.yaml, and what stands between here and there.`,
      },
    );
  const access = accessError(code, message, request, site, `dynamodb:${request.operation}`);
  if (access !== undefined) return access;
  if (response.status >= 500 || conflicts.has(code))
    return new DynaferryError(
      'SERVICE_FAILED',
      `${site.role}: DynamoDB failed at ${request.operation} (${response.status} ${code})`,
      details,
    );
  const why = carriesItems.has(request.operation) ? '' : `: ${message}`;
  return new DynaferryError(
    'REQUEST_REFUSED',
    `${site.role}: DynamoDB refuses ${request.operation} on ${table} (${code})${why}`,
    details,
  );
}

/** An answer that is not DynamoDB's JSON. */
const UNREADABLE = 'UnreadableAnswer';

function readError(body: Buffer): { code: string; message: string } {
  try {
    const parsed = JSON.parse(body.toString('utf8')) as { __type?: string; message?: string; Message?: string };
    return {
      code: (parsed.__type ?? 'UnknownError').replace(/^.*#/, ''),
      message: parsed.message ?? parsed.Message ?? '',
    };
  } catch {
    // A proxy's or load balancer's page.
    return { code: UNREADABLE, message: '' };
  }
}
