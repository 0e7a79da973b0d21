import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

/** A set of AWS credentials as the default chain gives them. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What is signed of a request. Header names are lower-case; `path` is already URI-encoded; `query` is sorted and encoded. */
export interface SignableRequest {
  method: string;
  path: string;
  query: string;
  headers: Record<string, string>;
  /** Lower-case hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  payloadSha256: string;
}

export const EMPTY_SHA256 = hash('sha256', '');

/**
 * AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The signing key is
 * derived once a day and credential, which is most of what a signature costs.
 */
export class Signer {
  readonly #service: string;
  readonly #region: string;
  #keyFor = '';
  // A KeyObject: an HMAC with a Buffer as its key costs several times as much.
  #key: KeyObject | undefined;

  constructor(service: string, region: string) {
    this.#service = service;
    this.#region = region;
  }

  /** Adds `x-amz-date`, `x-amz-security-token` where there is one, and `authorization` to the request's headers. */
  sign(request: SignableRequest, credentials: Credentials, now: Date): void {
    const timestamp = now.toISOString().replace(/[:-]|\.\d{3}/g, '');
    const day = timestamp.slice(0, 8);
    const { headers } = request;
    headers['x-amz-date'] = timestamp;
    if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(';');
    let canonical = `${request.method}\n${request.path}\n${request.query}\n`;
    for (const name of names) canonical += `${name}:${headers[name].trim().replace(/\s+/g, ' ')}\n`;
    canonical += `\n${signedHeaders}\n${request.payloadSha256}`;
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`;
    const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', this.#signingKey(credentials, day)).update(toSign).digest('hex');
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  }

  #signingKey(credentials: Credentials, day: string): KeyObject {
    const wanted = `${day}/${credentials.accessKeyId}/${credentials.secretAccessKey}`;
    if (this.#key === undefined || this.#keyFor !== wanted) {
      const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
      const dated = hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), this.#region);
      this.#key = createSecretKey(hmac(hmac(dated, this.#service), 'aws4_request'));
      this.#keyFor = wanted;
    }
    return this.#key;
  }
}

/** URI encoding as SigV4 wants it: everything but unreserved characters; `/` stays in paths. */
export function uriEncode(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}
