import { createHmac, hash } from 'node:crypto';
import { HmacSha256 } from '../model/hmac.ts';
import { trimmed } from './http-message.ts';

/** A set of AWS credentials as the default chain gives them. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What is signed of a request. `path` is already URI-encoded; `query` is sorted and encoded. */
export interface SignableRequest {
  method: string;
  path: string;
  query: string;
  /** Besides `host`. Names are lower-case. Requests with the same object share what is made of it, so it must stay as it is. */
  headers: Readonly<Record<string, string>>;
  /** Lower-case hex SHA-256 of the body, or `UNSIGNED-PAYLOAD`. */
  payloadSha256: string;
}

export const EMPTY_SHA256 = hash('sha256', '');

/** What requests with the same headers and credentials have in common within a second, which is most of a signature's text. */
interface Common {
  of: Readonly<Record<string, string>>;
  credentials: Credentials;
  second: number;
  /** All but `authorization`. */
  headers: Record<string, string>;
  /** The canonical request from its headers to before the payload's hash. */
  canonicalHeaders: string;
  isAscii: boolean;
  /** The text to sign up to before the hash of the canonical request. */
  toSign: string;
  /** `authorization` up to before the signature. */
  authorization: string;
  key: HmacSha256;
}

/**
 * AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The signing key is
 * derived once a day and credential.
 */
export class Signer {
  readonly #service: string;
  readonly #region: string;
  readonly #host: string;
  #keyFor = '';
  #key: HmacSha256 | undefined;
  #common: Common | undefined;

  /** `host` is what all requests go to. */
  constructor(service: string, region: string, host: string) {
    this.#service = service;
    this.#region = region;
    this.#host = host;
  }

  /** The request's headers with `host`, `x-amz-date`, `x-amz-security-token` where there is one, and `authorization`. */
  sign(request: SignableRequest, credentials: Credentials, now: Date): Record<string, string> {
    const { method, path, query, payloadSha256 } = request;
    const common = this.#commonOf(request.headers, credentials, now);
    const { headers, canonicalHeaders, isAscii, toSign, authorization, key } = common;
    const canonical = `${method}\n${path}\n${query}\n${canonicalHeaders}${payloadSha256}`;
    // Headers go over the wire as the bytes that they came as: what is not ASCII (metadata of some services) is Latin-1 here.
    const digest = hash('sha256', isAscii ? canonical : Buffer.from(canonical, 'latin1'));
    return { ...headers, authorization: authorization + key.hex(toSign + digest) };
  }

  #commonOf(of: Readonly<Record<string, string>>, credentials: Credentials, now: Date): Common {
    const second = Math.floor(now.getTime() / 1000);
    const known = this.#common;
    if (known !== undefined && known.of === of && known.second === second && known.credentials === credentials)
      return known;
    const timestamp = now.toISOString().replace(/[:-]|\.\d{3}/g, '');
    const day = timestamp.slice(0, 8);
    const headers: Record<string, string> = { host: this.#host, ...of, 'x-amz-date': timestamp };
    if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(';');
    const lines = names.map((name) => `${name}:${trimmed(headers[name]).replace(/[ \t]+/g, ' ')}\n`);
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`;
    return (this.#common = {
      of,
      credentials,
      second,
      headers,
      // oxlint-disable-next-line no-control-regex
      isAscii: /^[\0-\x7f]*$/.test(lines.join('')),
      canonicalHeaders: `${lines.join('')}\n${signedHeaders}\n`,
      toSign: `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n`,
      authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=`,
      key: this.#signingKey(credentials, day),
    });
  }

  #signingKey(credentials: Credentials, day: string): HmacSha256 {
    const wanted = `${day}/${credentials.accessKeyId}/${credentials.secretAccessKey}`;
    if (this.#key === undefined || this.#keyFor !== wanted) {
      const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
      const dated = hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), this.#region);
      this.#key = new HmacSha256(hmac(hmac(dated, this.#service), 'aws4_request'));
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
