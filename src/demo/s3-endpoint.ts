import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { collectBody, listenOnLoopback, type EmbeddedEndpoint } from './loopback.ts';
import { SignatureVerifier, type AccessKey, type SignatureFault } from './sigv4.ts';
import { S3Error, type S3ErrorCode } from './s3/errors.ts';
import { parseTarget, type S3Answer, type S3Request } from './s3/request.ts';
import { route } from './s3/routes.ts';
import { Bucket, Store } from './s3/store.ts';
import { errorDocument } from './s3/xml.ts';

export interface S3EndpointOptions {
  /** The only region that requests may be signed for. */
  readonly region: string;
  readonly accessKeys: readonly AccessKey[];
  /** Buckets that are there from the start. */
  readonly buckets?: readonly string[];
  /** A free one by default. */
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Starts an S3-compatible endpoint in this process, on 127.0.0.1, path-style, with all data in memory: what lies in it is gone with it.
 * It knows what moving objects takes: objects, listings, conditions, ranges, copies, multipart uploads. It checks signatures
 * and digests, and answers NotImplemented to what it does not know (presigned URLs, aws-chunked bodies, versions, policies).
 */
export function startS3Endpoint(options: S3EndpointOptions): Promise<EmbeddedEndpoint> {
  const now = options.now ?? Date.now;
  const store = new Store(options.region, now);
  for (const name of options.buckets ?? []) store.buckets.set(name, new Bucket(name, now()));
  const verifier = new SignatureVerifier({
    service: 's3',
    region: options.region,
    accessKeys: options.accessKeys,
    now,
  });
  const server = createServer((request, response) => {
    handle(store, verifier, request).then(
      (answer) => send(store, request, response, answer),
      (error: unknown) => send(store, request, response, errorAnswer(store, request, error)),
    );
  });
  return listenOnLoopback(server, options.port ?? 0);
}

async function handle(store: Store, verifier: SignatureVerifier, message: IncomingMessage): Promise<S3Answer> {
  const request = await receive(message);
  const fault = verifier.verify(message, request.signedHash);
  if (fault !== undefined) throw signatureError(store, fault);
  checkPayloadHash(message, request);
  return route(store, request);
}

interface ReceivedRequest extends S3Request {
  /** What the client says, and has signed, that the body's SHA-256 is. */
  readonly signedHash: string;
  /** What it is, where the client gave one. */
  readonly sha256: string | undefined;
}

async function receive(message: IncomingMessage): Promise<ReceivedRequest> {
  const signedHash = String(message.headers['x-amz-content-sha256'] ?? '');
  const md5 = createHash('md5');
  const sha256 = /^[0-9a-f]{64}$/.test(signedHash) ? createHash('sha256') : undefined;
  const body = await collectBody(message, (chunk) => {
    md5.update(chunk);
    sha256?.update(chunk);
  });
  return {
    ...parseTarget(message.url ?? '/'),
    method: message.method ?? 'GET',
    headers: message.headers,
    body,
    md5: md5.digest(),
    signedHash,
    sha256: sha256?.digest('hex'),
  };
}

/** After the signature, as S3 does: what is not signed is not worth checking. */
function checkPayloadHash(message: IncomingMessage, { signedHash, sha256 }: ReceivedRequest): void {
  if (signedHash === '')
    throw new S3Error('MissingSecurityHeader', 'Missing required header for this request: x-amz-content-sha256');
  if (signedHash.startsWith('STREAMING-'))
    throw new S3Error(
      'NotImplemented',
      'aws-chunked bodies are not implemented here: send the body with its own hash, or UNSIGNED-PAYLOAD.',
    );
  if (message.method === 'PUT' && message.headers['content-length'] === undefined)
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (sha256 === undefined && signedHash !== 'UNSIGNED-PAYLOAD')
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.');
  if (sha256 !== undefined && sha256 !== signedHash)
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
}

const faultCodes: Readonly<Record<SignatureFault['reason'], S3ErrorCode>> = {
  missing: 'AccessDenied',
  malformed: 'AuthorizationHeaderMalformed',
  unsupported: 'NotImplemented',
  'unknown-key': 'InvalidAccessKeyId',
  skewed: 'RequestTimeTooSkewed',
  'wrong-scope': 'AuthorizationHeaderMalformed',
  mismatch: 'SignatureDoesNotMatch',
};

function signatureError(store: Store, fault: SignatureFault): S3Error {
  const message =
    fault.reason === 'unknown-key'
      ? 'The AWS Access Key Id you provided does not exist in our records.'
      : fault.message;
  return new S3Error(faultCodes[fault.reason], message, fault.reason === 'wrong-scope' ? { Region: store.region } : {});
}

function errorAnswer(store: Store, request: IncomingMessage, error: unknown): S3Answer {
  const known =
    error instanceof S3Error
      ? error
      : new S3Error('InternalError', 'We encountered an internal error. Please try again.');
  const resource = (request.url ?? '/').split('?', 1)[0];
  const document = errorDocument({
    Code: known.code,
    Message: known.message,
    ...known.fields,
    Resource: resource,
    RequestId: store.nextId(),
  });
  return { status: known.status, headers: { 'content-type': 'application/xml' }, body: [Buffer.from(document)] };
}

function send(store: Store, request: IncomingMessage, response: ServerResponse, answer: S3Answer): void {
  const body = answer.body ?? [];
  const headers: Record<string, string> = { 'x-amz-request-id': store.nextId(), ...answer.headers };
  if (answer.status !== 204 && answer.status !== 304)
    headers['content-length'] ??= String(body.reduce((sum, piece) => sum + piece.length, 0));
  response.writeHead(answer.status, headers);
  if (request.method === 'HEAD' || body.length === 0) return void response.end();
  for (const piece of body.slice(0, -1)) response.write(piece);
  response.end(body.at(-1));
}
