import { hash } from 'node:crypto';
import { DynaferryError } from '../model/errors.ts';
import { HttpClient, type BodySink, type HttpResponse } from './http-client.ts';
import type { Pace } from './pace.ts';
import { defaultRetryPolicy, patientRetryPolicy, withRetry, type RetryPolicy } from './retry.ts';
import { EMPTY_SHA256, Signer } from './signer.ts';
import type { Site } from './site.ts';

/** A request before it is signed. */
export interface ServiceRequest {
  method: 'GET' | 'PUT' | 'POST' | 'HEAD' | 'DELETE';
  /** Encoded path. */
  path: string;
  /** Sorted and encoded, without `?`. */
  query?: string;
  /** The same object for requests that have them in common is signed for less; it must stay as it is. */
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
  /** Lower-case hex SHA-256 of the body where the caller has it already. */
  bodySha256?: string;
  /** For messages: the operation as the service calls it, and what it is done to. */
  operation: string;
  resource: string;
  /** Where the answer's body is put; a buffer of its own where absent. */
  into?: BodySink;
  /** In place of `into`: a body that goes on where it broke off. */
  resumable?: ResumableBody;
  signal?: AbortSignal;
}

/** A body that several answers may bring. */
export interface ResumableBody extends BodySink {
  /** What every attempt asks for anew, besides the request's own headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** What need not be fetched again. Where it grows, attempts and their delays are counted anew. */
  readonly receivedBytes: number;
  /** The whole body, after the answer that brought the end of it. Throws where that answer does not fit. */
  complete(response: HttpResponse): Buffer;
}

/** What can be set of a client; every bound has a default that suits production. */
export interface ClientOptions {
  connectionsMax?: number;
  /** Longest silence of the service before the request is given up and tried again. */
  idleMsMax?: number;
  /** Slowest that a body may arrive and be sent before the same is done; as HttpClientOptions says, with reasons in pace.ts. */
  slowestReceive?: Pace;
  slowestSend?: Pace;
  /** Hears of the bytes of bodies as they really move, whatever becomes of their requests. */
  onMoved?: (bytes: number) => void;
  retry?: RetryPolicy;
  /** Where `retry` is absent, how patient to be once the endpoint has answered: before that, what is wrong may be a setting. */
  retryOnceAnswered?: RetryPolicy;
  random?: () => number;
  /** Hears of every failed attempt that is tried again. */
  onRetry?: (error: DynaferryError) => void;
}

const NO_HEADERS = {};

/** Turns an answer into an error, or into undefined where it is a success. */
export type Classify = (response: HttpResponse, request: ServiceRequest, site: Site) => DynaferryError | undefined;

/** Signs, sends, judges and tries again: what the DynamoDB and the S3 client have in common. */
export class SignedClient {
  readonly site: Site;
  readonly #http: HttpClient;
  readonly #signer: Signer;
  readonly #classify: Classify;
  readonly #options: ClientOptions;
  readonly #isS3: boolean;
  /** Whether the endpoint is known to be one. */
  #hasAnswered = false;

  constructor(site: Site, service: 'dynamodb' | 's3', endpoint: string, classify: Classify, options: ClientOptions) {
    this.site = site;
    this.#http = new HttpClient(endpoint, {
      connectionsMax: options.connectionsMax ?? 64,
      idleMsMax: options.idleMsMax ?? 20_000,
      slowestReceive: options.slowestReceive,
      slowestSend: options.slowestSend,
      onMoved: options.onMoved,
      route: site.route?.(endpoint),
    });
    this.#signer = new Signer(service, site.region, this.#http.host);
    this.#isS3 = service === 's3';
    this.#classify = classify;
    this.#options = options;
  }

  /** Sends until it succeeds or fails for good. Only for requests that may take effect twice. */
  async send(request: ServiceRequest): Promise<HttpResponse> {
    return withRetry(() => this.#attempt(request), {
      policy: this.#retryPolicy(),
      random: this.#options.random,
      signal: request.signal,
      onRetry: this.#options.onRetry,
      progressBytes: () => request.resumable?.receivedBytes ?? 0,
    });
  }

  #retryPolicy(): RetryPolicy {
    const { retry, retryOnceAnswered } = this.#options;
    if (retry !== undefined) return retry;
    return this.#hasAnswered ? (retryOnceAnswered ?? patientRetryPolicy) : defaultRetryPolicy;
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#http.close();
  }

  async #attempt(request: ServiceRequest): Promise<HttpResponse> {
    const response = await this.#exchange(request, false);
    const error = this.#classify(response, request, this.site);
    this.#hasAnswered ||= error === undefined;
    if (error === undefined) return completed(request, response);
    if (error.code !== 'CREDENTIALS_EXPIRED') throw error;
    // Session credentials end while we run for days: fetch new ones once, then believe the service.
    const again = await this.#exchange(request, true);
    const stillError = this.#classify(again, request, this.site);
    if (stillError !== undefined) throw stillError;
    return completed(request, again);
  }

  async #exchange(request: ServiceRequest, refresh: boolean): Promise<HttpResponse> {
    const credentials = this.site.isAnonymous === true ? undefined : await this.site.credentials({ refresh });
    const { method, path, body, signal, resumable } = request;
    const into = resumable ?? request.into;
    const query = request.query ?? '';
    const payloadSha256 = request.bodySha256 ?? (body === undefined ? EMPTY_SHA256 : hash('sha256', body));
    let given: Record<string, string> = request.headers ?? NO_HEADERS;
    if (this.#isS3) {
      given = { ...given, ...resumable?.headers };
      if (this.site.requestPayer === true) given['x-amz-request-payer'] = 'requester';
      if (credentials !== undefined) given['x-amz-content-sha256'] = payloadSha256;
    }
    const headers =
      credentials === undefined
        ? given
        : this.#signer.sign({ method, path, query, headers: given, payloadSha256 }, credentials, new Date());
    return this.#http.send({ method, path: query === '' ? path : `${path}?${query}`, headers, body, into, signal });
  }
}

function completed({ resumable }: ServiceRequest, response: HttpResponse): HttpResponse {
  return resumable === undefined ? response : { ...response, body: resumable.complete(response) };
}

/** Errors of credentials and permission that both services report, by the service's own code. */
export function accessError(
  code: string,
  message: string,
  request: ServiceRequest,
  site: Site,
  iamAction: string,
): DynaferryError | undefined {
  const details = { serviceCode: code };
  switch (code) {
    case 'UnrecognizedClientException':
    case 'InvalidAccessKeyId':
    case 'InvalidClientTokenId':
    case 'InvalidToken':
      return new DynaferryError(
        'CREDENTIALS_REJECTED',
        `${site.role}: ${site.region} does not know these credentials (${code}). Accounts of ${partitionHint(site)} are separate from all others`,
        details,
      );
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
      return new DynaferryError(
        'CREDENTIALS_EXPIRED',
        `${site.role}: the session credentials have expired (${code})`,
        details,
      );
    case 'RequestTimeTooSkewed':
    case 'RequestExpired':
      return clockSkew(site, details);
    case 'InvalidSignatureException':
    case 'SignatureDoesNotMatch':
      // DynamoDB reports a wrong clock under the code of a wrong signature.
      if (/signature (expired|not yet current)/i.test(message)) return clockSkew(site, details);
      return new DynaferryError(
        'SIGNATURE_REJECTED',
        `${site.role}: the secret access key does not belong to the access key id (${code})`,
        details,
      );
    case 'AccessDeniedException':
    case 'AccessDenied':
    case 'AllAccessDisabled':
    case 'UnauthorizedAccess':
    case 'Unauthorized':
      return accessDenied(code, message, request, site, iamAction);
    default:
      return undefined;
  }
}

/**
 * What is missing is not always what was asked for: whoever puts an object with tags may lack s3:PutObjectTagging alone. Where AWS names the action, it is that; where it is the
 * KMS key of a bucket, S3 names the key too, and DynamoDB says no more than that it is the key. A policy that denies by name is named, since allowing the action elsewhere would not help.
 */
function accessDenied(
  code: string,
  message: string,
  request: ServiceRequest,
  site: Site,
  iamAction: string,
): DynaferryError {
  const named = /not authorized to perform: (\w{1,30}:\w{1,60})/.exec(message)?.[1];
  const isKey = named?.startsWith('kms:') === true || /^KMS key access denied/i.test(message);
  const action = named ?? (isKey ? 'kms:Decrypt' : iamAction);
  const key = /arn:aws[\w-]*:kms:[\w:/-]+/.exec(message)?.[0] ?? `the KMS key of ${request.resource}`;
  const resource = isKey ? key : request.resource;
  const denier = /with an explicit deny in an? ([a-z -]{1,40} policy)/.exec(message)?.[1];
  const what = `${site.role}: not allowed: ${action} on ${resource} (${code})`;
  const allow =
    site.isAnonymous === true
      ? `Give the ${site.role} credentials: it is set to be anonymous, and ${action} on ${resource} is not open to everyone.`
      : `Allow ${action} on ${resource} for the ${site.role}'s credentials.`;
  return new DynaferryError('ACCESS_DENIED', denier === undefined ? what : `${what}: a ${denier} denies it`, {
    serviceCode: code,
    fix:
      denier !== undefined
        ? `Change the ${denier}: what it denies cannot be allowed elsewhere.`
        : code.startsWith('Unauthorized') && site.partitionId === 'aws-cn'
          ? `${allow} S3 in China also answers so where the account has no ICP recordal.`
          : allow,
  });
}

function partitionHint(site: Site): string {
  return site.partitionId === 'aws-cn' ? 'AWS China (aws-cn)' : `the partition ${site.partitionId}`;
}

function clockSkew(site: Site, details: { serviceCode: string }): DynaferryError {
  return new DynaferryError(
    'CLOCK_SKEW',
    `${site.role}: this machine's clock is too far from ${site.region}'s (${details.serviceCode})`,
    details,
  );
}
