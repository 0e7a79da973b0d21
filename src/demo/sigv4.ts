import { createHmac, hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** One key that an embedded endpoint knows. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Why a request is not let in. Each service has its own error code for it. */
export interface SignatureFault {
  readonly reason: 'missing' | 'malformed' | 'unsupported' | 'unknown-key' | 'skewed' | 'wrong-scope' | 'mismatch';
  readonly message: string;
}

interface VerifierOptions {
  readonly service: 's3' | 'dynamodb';
  readonly region: string;
  readonly accessKeys: readonly AccessKey[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Authorization {
  readonly accessKeyId: string;
  /** `20260131/us-west-2/s3/aws4_request`. */
  readonly scope: string;
  readonly signedHeaders: string;
  readonly signature: string;
}

/** AWS lets a clock be off by 15 minutes (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, RequestTimeTooSkewed). */
const SKEW_MS_MAX = 15 * 60 * 1000;

/**
 * Checks Signature Version 4 in the Authorization header
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). Written apart from the product's
 * own signer, so that each can find the other's mistakes.
 */
export class SignatureVerifier {
  readonly #options: VerifierOptions;
  readonly #secrets: ReadonlyMap<string, string>;
  /** Signing keys by secret's owner and scope: four HMACs that change once a day. */
  readonly #signingKeys = new Map<string, Buffer>();

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#secrets = new Map(options.accessKeys.map((key) => [key.accessKeyId, key.secretAccessKey]));
  }

  /** The reason for refusing the request, or undefined. `payloadHash` as the client signed it: lower-case hex, or UNSIGNED-PAYLOAD. */
  verify(request: IncomingMessage, payloadHash: string): SignatureFault | undefined {
    const header = request.headers.authorization;
    if (header === undefined) return unsigned(request);
    const authorization = parseAuthorization(header);
    if (authorization === undefined) return { reason: 'malformed', message: 'The authorization header is malformed.' };
    const secret = this.#secrets.get(authorization.accessKeyId);
    if (secret === undefined) return { reason: 'unknown-key', message: 'This access key is not known here.' };
    const date = request.headers['x-amz-date'];
    if (typeof date !== 'string' || !/^\d{8}T\d{6}Z$/.test(date))
      return { reason: 'malformed', message: 'The x-amz-date header is missing or not of the form 20260131T235959Z.' };
    return (
      this.#checkScope(authorization, date) ??
      this.#checkClock(date) ??
      this.#checkSignature(request, authorization, secret, date, payloadHash)
    );
  }

  #checkScope(authorization: Authorization, date: string): SignatureFault | undefined {
    const { region, service } = this.#options;
    const [day, signedRegion, signedService, terminator] = authorization.scope.split('/');
    if (signedRegion !== region)
      return {
        reason: 'wrong-scope',
        message: `The credential is scoped to region '${signedRegion}'; expecting '${region}'.`,
      };
    if (signedService !== service || terminator !== 'aws4_request' || day !== date.slice(0, 8))
      return {
        reason: 'wrong-scope',
        message: `The credential scope must be ${date.slice(0, 8)}/${region}/${service}/aws4_request.`,
      };
    return undefined;
  }

  #checkClock(date: string): SignatureFault | undefined {
    const signedAtMs = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z'));
    if (Math.abs(this.#options.now() - signedAtMs) <= SKEW_MS_MAX) return undefined;
    return { reason: 'skewed', message: 'The difference between the request time and the current time is too large.' };
  }

  #checkSignature(
    request: IncomingMessage,
    authorization: Authorization,
    secret: string,
    date: string,
    payloadHash: string,
  ): SignatureFault | undefined {
    const canonical = canonicalRequest(request, authorization.signedHeaders, payloadHash);
    const toSign = `AWS4-HMAC-SHA256\n${date}\n${authorization.scope}\n${hash('sha256', canonical)}`;
    const key = this.#signingKey(authorization, secret);
    if (createHmac('sha256', key).update(toSign).digest('hex') === authorization.signature) return undefined;
    return {
      reason: 'mismatch',
      message:
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    };
  }

  #signingKey(authorization: Authorization, secret: string): Buffer {
    const id = `${authorization.accessKeyId}/${authorization.scope}`;
    let key = this.#signingKeys.get(id);
    if (key === undefined) {
      key = Buffer.from(`AWS4${secret}`);
      for (const part of authorization.scope.split('/')) key = createHmac('sha256', key).update(part).digest();
      this.#signingKeys.set(id, key);
    }
    return key;
  }
}

function unsigned(request: IncomingMessage): SignatureFault {
  if (request.url?.includes('X-Amz-Algorithm='))
    return {
      reason: 'unsupported',
      message: 'Presigned URLs are not implemented here: sign in the Authorization header.',
    };
  return { reason: 'missing', message: 'The request is not signed.' };
}

function parseAuthorization(header: string): Authorization | undefined {
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^/,]+)\/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(header);
  if (match === null || match[2].split('/').length !== 4) return undefined;
  return { accessKeyId: match[1], scope: match[2], signedHeaders: match[3], signature: match[4] };
}

function canonicalRequest(request: IncomingMessage, signedHeaders: string, payloadHash: string): string {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  let headers = '';
  for (const name of signedHeaders.split(';')) {
    const value = request.headers[name];
    headers += `${name}:${String(value ?? '')
      .trim()
      .replace(/ +/g, ' ')}\n`;
  }
  const query = mark < 0 ? '' : canonicalQuery(url.slice(mark + 1));
  return `${request.method}\n${path.split('/').map(recode).join('/')}\n${query}\n${headers}\n${signedHeaders}\n${payloadHash}`;
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [recode(pair), ''] : [recode(pair.slice(0, equals)), recode(pair.slice(equals + 1))];
    });
  pairs.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** Percent-encodes all but RFC 3986's unreserved characters, whatever the client left as it is. */
function recode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(decode(text)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // The signature then differs, and the endpoint refuses the path itself.
  }
}
