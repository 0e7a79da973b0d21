import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { partitionOf } from '../aws/partition.ts';
import { Dynalite, type JsonAnswer } from './dynamodb/dynalite.ts';
import { DynamoDbError } from './dynamodb/errors.ts';
import { TableSettings } from './dynamodb/table-settings.ts';
import { collectBody, listenOnLoopback, type EmbeddedEndpoint } from './loopback.ts';
import { SignatureVerifier, type AccessKey, type SignatureFault } from './sigv4.ts';

export interface DynamoDbEndpointOptions {
  /** The only region that requests may be signed for. */
  readonly region: string;
  readonly accessKeys: readonly AccessKey[];
  /** A free one by default. */
  readonly port?: number;
  /** Milliseconds since 1970, for checking the time of requests. */
  readonly now?: () => number;
}

/** Operations that answer with a table's description, whose ARNs have to become those of the site. */
const describing = new Set(['CreateTable', 'DescribeTable', 'UpdateTable', 'DeleteTable']);
const ACCOUNT = '000000000000';

/**
 * Starts a DynamoDB endpoint in this process, on 127.0.0.1, with all tables in memory: dynalite, with signatures checked and with the settings
 * that it lacks. No streams, no transactions, no exports,
 * and capacity is never short. dynalite loses an attribute that is called `__proto__`.
 */
export function startDynamoDbEndpoint(options: DynamoDbEndpointOptions): Promise<EmbeddedEndpoint> {
  const site = new EmbeddedDynamoDb(options);
  const server = createServer((request, response) => {
    site.handle(request).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, errorAnswer(error)),
    );
  });
  return listenOnLoopback(server, options.port ?? 0);
}

class EmbeddedDynamoDb {
  readonly #dynalite = new Dynalite();
  readonly #settings = new TableSettings();
  readonly #verifier: SignatureVerifier;
  readonly #arnPrefix: string;

  constructor({ region, accessKeys, now = Date.now }: DynamoDbEndpointOptions) {
    this.#verifier = new SignatureVerifier({ service: 'dynamodb', region, accessKeys, now });
    this.#arnPrefix = `arn:${partitionOf(region).id}:dynamodb:${region}:${ACCOUNT}:`;
  }

  async handle(request: IncomingMessage): Promise<JsonAnswer> {
    const body = await collectBody(request);
    const fault = this.#verifier.verify(request, hash('sha256', body));
    if (fault !== undefined) throw signatureError(fault);
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^DynamoDB_20120810\./, '');
    if (this.#settings.answers(operation)) return this.#answerSettings(request, operation, body);
    const answer = await this.#dynalite.call(request.headers, body);
    if (!describing.has(operation) || answer.status !== 200) return answer;
    if (operation === 'CreateTable') this.#settings.created(parse(body));
    if (operation === 'DeleteTable') this.#settings.deleted(parse(body));
    return { ...answer, json: answer.json.replace(/(?<=")arn:aws:dynamodb:[^:"]*:\d*:/g, this.#arnPrefix) };
  }

  async #answerSettings(request: IncomingMessage, operation: string, body: Buffer): Promise<JsonAnswer> {
    const input = parse(body);
    const table = await this.#dynalite.call(
      { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' },
      Buffer.from(JSON.stringify({ TableName: TableSettings.tableOf(input) })),
    );
    if (table.status !== 200) return table;
    return { status: 200, json: JSON.stringify(this.#settings.answer(operation, input)) };
  }
}

function parse(body: Buffer): object {
  try {
    return JSON.parse(body.toString()) as object;
  } catch {
    throw new DynamoDbError('SerializationException', 'The request is not JSON');
  }
}

const faultTypes: Readonly<Record<SignatureFault['reason'], string>> = {
  missing: 'MissingAuthenticationTokenException',
  malformed: 'IncompleteSignatureException',
  unsupported: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  skewed: 'InvalidSignatureException',
  'wrong-scope': 'InvalidSignatureException',
  mismatch: 'InvalidSignatureException',
};

function signatureError(fault: SignatureFault): DynamoDbError {
  const message =
    fault.reason === 'unknown-key'
      ? 'The security token included in the request is invalid.'
      : // Clients tell a wrong clock from a wrong key by these words of AWS.
        fault.reason === 'skewed'
        ? `Signature expired: ${fault.message}`
        : fault.message;
  return new DynamoDbError(faultTypes[fault.reason], message);
}

function errorAnswer(error: unknown): JsonAnswer {
  const known =
    error instanceof DynamoDbError
      ? error
      : new DynamoDbError('InternalServerError', 'The request processing has failed');
  return known.answer;
}

function send(response: ServerResponse, answer: JsonAnswer): void {
  const body = Buffer.from(answer.json);
  response.writeHead(answer.status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': body.length,
    'x-amz-crc32': crc32(body),
  });
  response.end(body);
}
