import type { HttpResponse } from '../aws/http-client.ts';
import { SignedClient, type ClientOptions, type ResumableBody, type ServiceRequest } from '../aws/signed-client.ts';
import { uriEncode } from '../aws/signer.ts';
import type { Site } from '../aws/site.ts';
import type { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';
import { classify } from './errors.ts';
import { parseXml, type XmlElement } from './xml.ts';

/** What a request has besides method and key. */
export interface RequestRest {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Buffer;
  bodySha256?: string;
  into?: BufferPool;
  resumable?: ResumableBody;
  signal?: AbortSignal;
}

/** Requests to one bucket at one site. Each is tried again within the client's policy; every body that is sent is covered by a signed SHA-256. */
export class BucketRequests {
  readonly site: Site;
  readonly name: string;
  readonly #client: SignedClient;
  readonly #base: string;

  constructor(site: Site, name: string, options: ClientOptions) {
    this.site = site;
    this.name = name;
    // A bucket with dots in its name does not match the certificate of a virtual host.
    const pathStyle = site.s3PathStyle || name.includes('.');
    const url = new URL(site.s3Url);
    this.#base = pathStyle ? `/${name}` : '';
    const endpoint = pathStyle ? site.s3Url : `${url.protocol}//${name}.${url.host}`;
    this.#client = new SignedClient(site, 's3', endpoint, classify, options);
  }

  /** `s3://bucket/key`, for messages. */
  uri(key: string): string {
    return `s3://${this.name}/${key}`;
  }

  /** One request. `iamAction` is named where it is not allowed. */
  send(method: ServiceRequest['method'], key: string, iamAction: string, rest: RequestRest): Promise<HttpResponse> {
    const query = Object.keys(rest.query ?? {})
      .sort()
      .map((name) => `${uriEncode(name)}=${uriEncode(rest.query?.[name] ?? '')}`)
      .join('&');
    return this.#client.send({
      ...rest,
      method,
      path: `${this.#base}/${uriEncode(key, true)}`,
      query,
      operation: iamAction,
      resource: `arn:${this.site.partitionId}:s3:::${this.name}${key === '' ? '' : `/${key}`}`,
    });
  }

  /** A request whose answer is XML; resolves with the root element's content. */
  async xml(
    method: ServiceRequest['method'],
    key: string,
    iamAction: string,
    root: string,
    rest: RequestRest,
  ): Promise<XmlElement> {
    return this.parse(await this.send(method, key, iamAction, rest), key, root);
  }

  /** The root element's content of an answer. Throws SERVICE_FAILED where that is not what the service gave. */
  parse(response: HttpResponse, key: string, root: string): XmlElement {
    const element = parseXml(response.body, root);
    if (element === undefined)
      throw new DynaferryError('SERVICE_FAILED', `${this.site.role}: S3 gave no ${root} for ${this.uri(key)}`, {
        status: response.status,
      });
    return element;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
