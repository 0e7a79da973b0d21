import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, defaultRetryPolicy } from '../aws/retry.ts';
import type { ClientOptions } from '../aws/signed-client.ts';
import { header, type HttpResponse } from '../aws/http-client.ts';
import { DynaferryError } from '../model/errors.ts';
import { BucketRequests, type RequestRest } from './bucket-requests.ts';
import { isGone, MD5_WANTED, unlessMissing } from './errors.ts';
import { readListPage, type ListPage } from './list-page.ts';
import {
  headersOf,
  readInfo,
  type CreatedUpload,
  type ListedObject,
  type ListPageOptions,
  type ObjectDetails,
  type PutOptions,
  type UploadedPart,
} from './object-info.ts';
import { pageBuffers } from './page-table.ts';
import { RangeBody, type ByteRange } from './range-body.ts';
import { stuckListing } from './stuck-listing.ts';
import { partList, readParts } from './upload-parts.ts';
import { fetchWhole } from './whole-body.ts';
import { MalformedXml } from './xml-cursor.ts';
import { children, decodeKey, text } from './xml.ts';
import type { Site } from '../aws/site.ts';

/** How often a page is asked for that arrives damaged: a service that lists in another way than S3 does so each time. */
const PAGES_ASKED_MAX = 6;

/** One bucket at one site: what S3 can do with it and its objects. */
export class S3Bucket extends BucketRequests {
  readonly #options: ClientOptions;
  #wantsMd5 = false;

  constructor(site: Site, name: string, options: ClientOptions = {}) {
    super(site, name, options);
    this.#options = options;
  }

  /** Throws BUCKET_NOT_FOUND or ACCESS_DENIED where the bucket cannot be listed below the prefix: a policy may allow no more than that. */
  async check(prefix: string, signal?: AbortSignal): Promise<void> {
    await this.send('GET', '', 'ListBucket', { query: { 'list-type': '2', 'max-keys': '1', prefix }, signal });
  }

  /** Undefined where there is no such key. With a part's number AWS gives that part's length, and how many there are. */
  async head(
    key: string,
    signal?: AbortSignal,
    options: { partNumber?: number } = {},
  ): Promise<ObjectDetails | undefined> {
    const query: Record<string, string> =
      options.partNumber === undefined ? {} : { partNumber: String(options.partNumber) };
    const head = async (): Promise<ObjectDetails> =>
      readInfo(await this.send('HEAD', key, 'GetObject', { query, signal }));
    return unlessMissing(
      head().catch(async (error: unknown) => {
        if (!(error instanceof DynaferryError && (error.status === 400 || error.code === 'ACCESS_DENIED'))) throw error;
        await this.#explain(key, signal);
        return head();
      }),
    );
  }

  /**
   * Throws what S3 has to say of a refused HEAD, whose answer has no body to tell an expired session from a wrong key or a missing
   * permission; an expired session is renewed on the way. Resolves where a GET is not refused.
   */
  async #explain(key: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.send('GET', key, 'GetObject', { headers: { range: 'bytes=0-0' }, signal });
    } catch (error) {
      // An empty object has no first byte.
      if (!(error instanceof DynaferryError && error.status === 416)) throw error;
    }
  }

  /**
   * The object, or the range [start, end) of it. With `ifMatch` an object that was replaced since then ends in SOURCE_CHANGED. A body that is shorter than
   * announced never arrives here. A range that breaks off goes on where it did, and is of one version of the object with or without `ifMatch`.
   */
  async get(
    key: string,
    options: { range?: ByteRange; ifMatch?: string; signal?: AbortSignal } = {},
  ): Promise<ObjectDetails & { body: Buffer }> {
    const { range, ifMatch, signal } = options;
    if (range !== undefined) {
      const resumable = new RangeBody(range, ifMatch, `${this.site.role}: ${this.uri(key)}`);
      const response = await this.send('GET', key, 'GetObject', { resumable, signal });
      return { ...readInfo(response), sizeBytes: response.body.length, body: response.body };
    }
    const headers: Record<string, string> = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    const fetch = (): Promise<HttpResponse> => this.send('GET', key, 'GetObject', { headers, signal });
    const response = await fetchWhole(fetch, this.uri(key));
    return { ...readInfo(response), body: response.body };
  }

  /** The object, or undefined where there is no such key. */
  find(key: string, signal?: AbortSignal): Promise<(ObjectDetails & { body: Buffer }) | undefined> {
    return unlessMissing(this.get(key, { signal }));
  }

  /** Writes the object whole; resolves with its ETag. */
  async put(key: string, body: Buffer, options: PutOptions = {}): Promise<string> {
    const headers = headersOf(options);
    if (options.onlyIfAbsent === true) headers['if-none-match'] = '*';
    // Without quotes: S3 takes it either way, and Ceph compares it as it comes.
    if (options.onlyIfMatch !== undefined) headers['if-match'] = options.onlyIfMatch.replaceAll('"', '');
    const { sha256, signal } = options;
    return this.#upload(key, { headers, body, bodySha256: sha256, signal });
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    await this.send('DELETE', key, 'DeleteObject', { signal });
  }

  /** All objects below a prefix in the order of their keys' UTF-8 bytes, a page at a time. */
  async *list(
    prefix: string,
    options: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<ListedObject> {
    let { startAfter } = options;
    let token: string | undefined;
    do {
      const page = await this.listPage(prefix, { startAfter, token, signal: options.signal });
      const objects = page.objects.map((object) => object.detach());
      page.release();
      yield* objects;
      startAfter = objects.at(-1)?.key ?? startAfter;
      token = page.token;
    } while (token !== undefined);
  }

  /**
   * One page of the objects below a prefix. Asks again some times, and then throws SERVICE_FAILED, where the answer is no listing, is not whole, or does not come after
   * `startAfter` in strictly ascending order: what is read of it is all of it.
   */
  async listPage(prefix: string, options: ListPageOptions = {}): Promise<ListPage> {
    const { retry = defaultRetryPolicy, random = Math.random, onRetry } = this.#options;
    for (let asked = 1; ; asked++) {
      const page = await this.#askPage(prefix, options);
      if (!(page instanceof DynaferryError)) return page;
      // The requests themselves have been tried again already.
      if (asked >= Math.min(PAGES_ASKED_MAX, retry.attemptsMax)) throw page;
      onRetry?.(page);
      await sleep(backoffMs(asked, retry, random), undefined, { signal: options.signal });
    }
  }

  async #askPage(
    prefix: string,
    { startAfter, token, maxKeys, signal }: ListPageOptions,
  ): Promise<ListPage | DynaferryError> {
    const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url', prefix };
    if (token !== undefined) query['continuation-token'] = token;
    else if (startAfter !== undefined) query['start-after'] = startAfter;
    if (maxKeys !== undefined) query['max-keys'] = String(maxKeys);
    const response = await this.send('GET', '', 'ListBucket', { query, into: pageBuffers, signal });
    try {
      const page = readListPage(response.body, { prefix, after: startAfter });
      if (token !== undefined && page.token === token) throw new MalformedXml('the token that was sent', 0);
      return page;
    } catch (error) {
      pageBuffers.give(response.body);
      if (!(error instanceof MalformedXml)) throw error;
      return new DynaferryError(
        'SERVICE_FAILED',
        `${this.site.role}: S3 gave no listing of ${this.uri(prefix)} that can be relied on (${error.message})`,
        { status: response.status, cause: error },
      );
    }
  }

  /** The names of the folders directly below a prefix that ends in `/`; each name without slashes. */
  async listFolders(prefix: string, signal?: AbortSignal): Promise<string[]> {
    const folders: string[] = [];
    let token: string | undefined;
    do {
      const query: Record<string, string> = { 'list-type': '2', 'encoding-type': 'url', delimiter: '/', prefix };
      if (token !== undefined) query['continuation-token'] = token;
      const page = await this.xml('GET', '', 'ListBucket', 'ListBucketResult', { query, signal });
      for (const entry of children(page, 'CommonPrefixes'))
        folders.push(decodeKey(text(entry, 'Prefix')).slice(prefix.length, -1));
      const next = text(page, 'IsTruncated') === 'true' ? text(page, 'NextContinuationToken') : undefined;
      if (next === '' || (next !== undefined && next === token)) throw stuckListing(this, prefix);
      token = next;
    } while (token !== undefined);
    return folders;
  }

  /** Begins a multipart upload. */
  async createUpload(key: string, options: Omit<PutOptions, 'sha256' | 'onlyIfAbsent'>): Promise<CreatedUpload> {
    const { signal } = options;
    const response = await this.send('POST', key, 'PutObject', {
      query: { uploads: '' },
      headers: headersOf(options),
      signal,
    });
    const answer = this.parse(response, key, 'InitiateMultipartUploadResult');
    return { uploadId: text(answer, 'UploadId'), headers: response.headers };
  }

  /** Resolves with the part's ETag. */
  async uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: Buffer,
    options: { sha256?: string; signal?: AbortSignal } = {},
  ): Promise<string> {
    return this.#upload(key, {
      query: { partNumber: String(partNumber), uploadId },
      body,
      bodySha256: options.sha256,
      signal: options.signal,
    });
  }

  /** Resolves with the ETag. A bucket whose objects are locked by default wants an MD5 with each body, which it says at the first one; a signed SHA-256 is not enough for it. */
  async #upload(key: string, rest: RequestRest & { body: Buffer }): Promise<string> {
    const put = async (withMd5: boolean): Promise<string> => {
      const headers = withMd5 ? { 'content-md5': hash('md5', rest.body, 'base64'), ...rest.headers } : rest.headers;
      const response = await this.send('PUT', key, 'PutObject', { ...rest, headers });
      return header(response, 'etag') ?? '';
    };
    const withMd5 = this.#wantsMd5;
    try {
      return await put(withMd5);
    } catch (error) {
      // Others that were under way at the same time may have heard it before.
      if (withMd5 || !(error instanceof DynaferryError && error.serviceCode === MD5_WANTED)) throw error;
      this.#wantsMd5 = true;
      return put(true);
    }
  }

  /** The parts that an upload holds, or undefined where there is no such upload any more. */
  async listParts(key: string, uploadId: string, signal?: AbortSignal): Promise<UploadedPart[] | undefined> {
    const parts: UploadedPart[] = [];
    let marker = 0;
    for (;;) {
      const query = { uploadId, 'part-number-marker': String(marker) };
      const asked = this.xml('GET', key, 'ListMultipartUploadParts', 'ListPartsResult', { query, signal });
      const page = await unlessMissing(asked, isGone);
      if (page === undefined) return undefined;
      parts.push(...readParts(page));
      if (text(page, 'IsTruncated') !== 'true') return parts;
      const next = Number(text(page, 'NextPartNumberMarker'));
      if (!(next > marker)) throw stuckListing(this, key);
      marker = next;
    }
  }

  /** Makes the object of its parts. Throws where the service reports a failure inside a 200, which CompleteMultipartUpload may do. */
  async completeUpload(
    key: string,
    uploadId: string,
    parts: readonly { partNumber: number; etag: string }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const body = partList(parts);
    await this.xml('POST', key, 'PutObject', 'CompleteMultipartUploadResult', { query: { uploadId }, body, signal });
  }

  async abortUpload(key: string, uploadId: string, signal?: AbortSignal): Promise<void> {
    await unlessMissing(this.send('DELETE', key, 'AbortMultipartUpload', { query: { uploadId }, signal }), isGone);
  }
}
