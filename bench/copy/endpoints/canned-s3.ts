import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback, type EmbeddedEndpoint } from '../../../src/demo/loopback.ts';
import type { CannedBucket, CannedPart, CannedUpload } from './canned-bucket.ts';
import { multipartEtag, plainEtag, type CannedObject, type Content } from './content.ts';
import { document, LAST_MODIFIED_MS, listCanned, tag } from './list-canned.ts';

/** What has reached the endpoint. */
export interface S3Traffic {
  requests: number;
  /** Of bodies of requests. */
  receivedBytes: number;
  /** Of bodies of answers, as far as they were handed to the system. */
  sentBytes: number;
}

export interface CannedS3Options {
  bucket: CannedBucket;
  /** The content that an object of this key must have to be taken; undefined refuses the key. */
  expected: (key: string) => Content | undefined;
  traffic: S3Traffic;
  port?: number;
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  key: string;
  query: URLSearchParams;
}

/** How much is given to a socket at a time. */
const WRITE_BYTES = 1024 * 1024;
const LAST_MODIFIED = new Date(LAST_MODIFIED_MS).toUTCString();

/**
 * Starts an S3 endpoint that is to cost as little as can be: it checks no signature and keeps no bytes, and serves bodies that lie in memory. It
 * does compare every byte that it is sent with what the object is to be, and refuses what differs, so nothing that was copied wrong is counted.
 */
export function startCannedS3(options: CannedS3Options): Promise<EmbeddedEndpoint> {
  const endpoint = new CannedS3(options);
  const server = createServer((request, response) => {
    endpoint.serve(request, response).catch(() => response.destroy());
  });
  // Headers and small bodies of answers are separate writes.
  server.on('connection', (socket) => socket.setNoDelay(true));
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  return listenOnLoopback(server, options.port ?? 0);
}

class CannedS3 {
  readonly #bucket: CannedBucket;
  readonly #expected: CannedS3Options['expected'];
  readonly #traffic: S3Traffic;

  constructor({ bucket, expected, traffic }: CannedS3Options) {
    this.#bucket = bucket;
    this.#expected = expected;
    this.#traffic = traffic;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#traffic.requests++;
    const { method, url = '/' } = request;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
    const slash = path.indexOf('/', 1);
    const key = slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1));
    const call = { request, response, key, query };
    if (key === '') return this.#bucketCall(call);
    if (query.has('tagging')) return xml(response, document('Tagging', tag('TagSet', '')));
    if (query.has('uploadId') || query.has('uploads')) return this.#uploadCall(call);
    if (method === 'GET' || method === 'HEAD') return this.#read(call);
    if (method === 'PUT') return this.#put(call);
    if (method === 'DELETE') {
      this.#bucket.delete(key);
      return empty(response, 204);
    }
    return failure(response, 501, 'NotImplemented');
  }

  async #bucketCall({ request, response, query }: Call): Promise<void> {
    request.resume();
    if (request.method === 'HEAD' || request.method === 'PUT') return empty(response, 200);
    if (request.method !== 'GET') return failure(response, 501, 'NotImplemented');
    if (query.has('location')) return xml(response, document('LocationConstraint', ''));
    if (query.has('versioning')) return xml(response, document('VersioningConfiguration', ''));
    if (query.has('uploads')) return xml(response, this.#listUploads());
    return xml(response, listCanned(this.#bucket, query));
  }

  #listUploads(): string {
    const uploads = [...this.#bucket.uploads.values()].map(({ id, key }) => {
      const initiated = tag('Initiated', new Date(LAST_MODIFIED_MS).toISOString());
      return tag('Upload', `${tag('Key', key)}${tag('UploadId', id)}${initiated}`);
    });
    return document('ListMultipartUploadsResult', `${tag('IsTruncated', 'false')}${uploads.join('')}`);
  }

  async #read({ request, response, key }: Call): Promise<void> {
    const object = this.#bucket.objects.get(key);
    if (object === undefined) return failure(response, 404, 'NoSuchKey');
    const { etag, headers, content } = object;
    const ifMatch = request.headers['if-match'];
    if (ifMatch !== undefined && ifMatch !== etag) return failure(response, 412, 'PreconditionFailed');
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = range === null ? 0 : Number(range[1]);
    const end =
      range === null || range[2] === '' ? content.sizeBytes : Math.min(Number(range[2]) + 1, content.sizeBytes);
    if (range !== null && start >= content.sizeBytes) return failure(response, 416, 'InvalidRange');
    response.writeHead(range === null ? 200 : 206, {
      ...headers,
      etag,
      'last-modified': LAST_MODIFIED,
      'accept-ranges': 'bytes',
      'content-length': end - start,
      ...(range !== null && { 'content-range': `bytes ${start}-${end - 1}/${content.sizeBytes}` }),
    });
    if (request.method === 'GET') await this.#send(response, content, start, end);
    response.end();
  }

  async #send(response: ServerResponse, content: Content, start: number, end: number): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    for (const piece of content.pieces(start, end, WRITE_BYTES)) {
      const wantsMore = response.write(piece);
      this.#traffic.sentBytes += piece.length;
      // The last piece needs no wait: end() has one.
      if (!wantsMore && piece.length === WRITE_BYTES) await once(response, 'drain', { signal: gone.signal });
    }
  }

  async #put({ request, response, key }: Call): Promise<void> {
    // What a copy remembers of its uploads is nothing that was to be copied, and is asked for by nobody who was not killed.
    if (key.includes('/.dynaferry/')) {
      request.resume();
      return empty(response, 200, { etag: plainEtag(Buffer.alloc(16)) });
    }
    const content = this.#expected(key);
    const [wrong] = content === undefined ? [true] : await this.#receive(request, content, [0]);
    if (content === undefined || wrong || lengthOf(request) !== content.sizeBytes)
      return failure(response, 400, 'BadDigest');
    const etag = plainEtag(content.md5(0, content.sizeBytes));
    this.#bucket.put({ key, content, etag, headers: keptHeaders(request) });
    return empty(response, 200, { etag, ...checksums(request) });
  }

  async #uploadCall(call: Call): Promise<void> {
    const { request, response, key, query } = call;
    if (query.has('uploads')) {
      request.resume();
      const { id } = this.#bucket.open(key, keptHeaders(request));
      return xml(response, document('InitiateMultipartUploadResult', `${tag('Key', key)}${tag('UploadId', id)}`));
    }
    const upload = this.#bucket.uploads.get(query.get('uploadId') ?? '');
    const content = this.#expected(key);
    if (upload === undefined || content === undefined) return failure(response, 404, 'NoSuchUpload');
    switch (request.method) {
      case 'PUT':
        return this.#putPart(call, upload, content);
      case 'POST':
        return this.#complete(call, upload, content);
      case 'DELETE':
        this.#bucket.uploads.delete(upload.id);
        return empty(response, 204);
      default:
        return xml(response, listParts(upload));
    }
  }

  async #putPart({ request, response, query }: Call, upload: CannedUpload, content: Content): Promise<void> {
    const number = Number(query.get('partNumber'));
    const length = lengthOf(request);
    // Which bytes these should be follows from the part's number and length; a shorter last part ends where the object does.
    const places = [(number - 1) * length, content.sizeBytes - length];
    const wrong = await this.#receive(request, content, places);
    const start = places.find((_, index) => !wrong[index]);
    if (start === undefined) return failure(response, 400, 'BadDigest');
    const md5 = content.md5(start, start + length);
    upload.parts.set(number, { sizeBytes: length, md5 });
    return empty(response, 200, { etag: plainEtag(md5), ...checksums(request) });
  }

  async #complete({ request, response, key }: Call, upload: CannedUpload, content: Content): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const numbers = [...text.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
    const parts = numbers.map((number) => upload.parts.get(number));
    if (!parts.every((part): part is CannedPart => part !== undefined)) return failure(response, 400, 'InvalidPart');
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    if (sizeBytes !== content.sizeBytes) return failure(response, 400, 'InvalidPart');
    const etag = multipartEtag(parts.map(({ md5 }) => md5));
    const object: CannedObject = { key, content, etag, headers: upload.headers };
    this.#bucket.put(object);
    this.#bucket.uploads.delete(upload.id);
    return xml(response, document('CompleteMultipartUploadResult', `${tag('Key', key)}${tag('ETag', etag)}`));
  }

  /** Reads the body, and tells for each place whether it differs from what stands there. */
  async #receive(request: IncomingMessage, content: Content, places: readonly number[]): Promise<boolean[]> {
    const wrong = places.map(() => false);
    let received = 0;
    await new Promise<void>((resolve, reject) => {
      request.on('data', (chunk: Buffer) => {
        this.#traffic.receivedBytes += chunk.length;
        places.forEach((start, index) => {
          wrong[index] ||= !content.matches(start + received, chunk);
        });
        received += chunk.length;
      });
      request.once('end', resolve);
      request.once('error', reject);
    });
    return wrong;
  }
}

function listParts({ id, key, parts }: CannedUpload): string {
  const listed = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([number, { sizeBytes, md5 }]) =>
      tag(
        'Part',
        `${tag('PartNumber', String(number))}${tag('ETag', plainEtag(md5).replaceAll('"', '&quot;'))}${tag('Size', String(sizeBytes))}`,
      ),
    );
  return document(
    'ListPartsResult',
    `${tag('Key', key)}${tag('UploadId', id)}${tag('IsTruncated', 'false')}${listed.join('')}`,
  );
}

/** Bodies that are sent in signed chunks would have another length; none of the clients sends such. */
function lengthOf(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? Number.NaN);
}

function keptHeaders(request: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && (name === 'content-type' || name.startsWith('x-amz-meta-'))) kept[name] = value;
  return kept;
}

/** Given back as they came: the bytes were compared with the object's own. */
function checksums(request: IncomingMessage): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && /^x-amz-checksum-(crc|sha)/.test(name)) found[name] = value;
  return found;
}

function empty(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, ...(status !== 204 && { 'content-length': 0 }) });
  response.end();
}

function xml(response: ServerResponse, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': body.length });
  response.end(body);
}

/** Errors have no body for HEAD, which http leaves away by itself. */
function failure(response: ServerResponse, status: number, code: string): void {
  const body = Buffer.from(document('Error', `${tag('Code', code)}${tag('Message', code)}`));
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length });
  response.end(body);
  if (!response.req.complete) response.req.resume();
}
