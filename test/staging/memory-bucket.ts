import { createHash } from 'node:crypto';
import { S3Bucket } from '../../src/s3/bucket.ts';
import type {
  CreatedUpload,
  ListedObject,
  ObjectDetails,
  ObjectInfo,
  PutOptions,
  UploadedPart,
} from '../../src/s3/object-info.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import type { ListPage } from '../../src/s3/list-page.ts';
import { parseXml, type XmlElement } from '../../src/s3/xml.ts';
import { siteAt } from '../aws/site-at.ts';
import { pageOf } from '../s3/page-of.ts';

interface Stored extends ObjectInfo {
  body: Buffer;
}

export type BucketOperation =
  | 'head'
  | 'get'
  | 'put'
  | 'delete'
  | 'list'
  | 'createUpload'
  | 'uploadPart'
  | 'listParts'
  | 'completeUpload'
  | 'abortUpload';

/** A bucket in memory, as S3 behaves: conditions, versions, uploads. Every operation can be made to fail before or after its effect. */
export class MemoryBucket extends S3Bucket {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, { key: string; metadata: Record<string, string>; parts: Map<number, Buffer> }>();
  readonly calls: string[] = [];
  /** May throw, or replace what is there, before an operation takes effect. */
  before: (operation: BucketOperation, key: string) => void | Promise<void> = () => undefined;
  /** May throw when an operation has taken effect: its answer is lost. */
  after: (operation: BucketOperation, key: string) => void | Promise<void> = () => undefined;
  /** May change what a GET brings. */
  onGet: (body: Buffer, key: string) => Buffer = (body) => body;

  /** As some services do that are compatible with S3. */
  ignoresConditions = false;

  constructor(name = 'memory', role: 'source' | 'target' = 'source') {
    super(siteAt('http://127.0.0.1:0', { role }), name);
  }

  override head(key: string): Promise<ObjectDetails | undefined> {
    return this.#do('head', key, () => info(this.objects.get(key)));
  }

  override get(
    key: string,
    options: { range?: { start: number; end: number }; ifMatch?: string; signal?: AbortSignal } = {},
  ): Promise<ObjectDetails & { body: Buffer }> {
    options.signal?.throwIfAborted();
    return this.#do('get', key, () => {
      const stored = this.objects.get(key);
      if (stored === undefined) throw new DynaferryError('OBJECT_NOT_FOUND', key, { status: 404 });
      if (options.ifMatch !== undefined && options.ifMatch !== stored.etag)
        throw new DynaferryError('SOURCE_CHANGED', key, { status: 412 });
      const { start, end } = options.range ?? { start: 0, end: stored.body.length };
      const body = this.onGet(Buffer.from(stored.body.subarray(start, end)), key);
      return { ...stored, sizeBytes: body.length, headers: {}, body };
    });
  }

  override async find(key: string): Promise<(ObjectDetails & { body: Buffer }) | undefined> {
    return this.objects.has(key) ? this.get(key) : undefined;
  }

  override put(key: string, body: Buffer, options: PutOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    return this.#do('put', key, () => {
      if (options.onlyIfAbsent === true && !this.ignoresConditions && this.objects.has(key))
        throw new DynaferryError('REQUEST_REFUSED', key, { serviceCode: 'PreconditionFailed', status: 412 });
      if (options.onlyIfMatch !== undefined && !this.ignoresConditions) {
        const stored = this.objects.get(key);
        if (stored === undefined) throw new DynaferryError('OBJECT_NOT_FOUND', key, { status: 404 });
        if (stored.etag !== options.onlyIfMatch)
          throw new DynaferryError('SOURCE_CHANGED', key, { serviceCode: 'PreconditionFailed', status: 412 });
      }
      if (options.sha256 !== undefined && options.sha256 !== createHash('sha256').update(body).digest('hex'))
        throw new DynaferryError('SERVICE_FAILED', 'XAmzContentSHA256Mismatch');
      return this.#store(key, Buffer.from(body), options.metadata ?? {});
    });
  }

  override delete(key: string, signal?: AbortSignal): Promise<void> {
    return this.#do('delete', key, () => {
      signal?.throwIfAborted();
      this.objects.delete(key);
    });
  }

  override async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ListedObject> {
    await this.#do('list', prefix, () => undefined);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > (options.startAfter ?? ''));
    for (const key of keys.sort()) {
      const { sizeBytes, etag } = this.objects.get(key) as Stored;
      yield { key, sizeBytes, etag, lastModifiedMs: 0, storageClass: 'STANDARD' };
    }
  }

  override async listPage(prefix: string): Promise<ListPage> {
    const objects: ListedObject[] = [];
    for await (const object of this.list(prefix)) if (objects.push(object) === 1000) break;
    return pageOf(objects);
  }

  /** DeleteObjects is the only such request that is made of it. */
  override async xml(...[, , , root, { body = Buffer.alloc(0) }]: Parameters<S3Bucket['xml']>): Promise<XmlElement> {
    for (const [, key] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g)) await this.delete(key);
    return parseXml(Buffer.from(`<${root}></${root}>`), root) as XmlElement;
  }

  override async listFolders(prefix: string): Promise<string[]> {
    const inside = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    return [...new Set(inside.map((key) => key.slice(prefix.length).split('/')[0]))].sort();
  }

  override createUpload(key: string, options: Omit<PutOptions, 'sha256' | 'onlyIfAbsent'>): Promise<CreatedUpload> {
    return this.#do('createUpload', key, () => {
      const id = `upload-${this.calls.length}`;
      this.uploads.set(id, { key, metadata: options.metadata ?? {}, parts: new Map() });
      return { uploadId: id, headers: {} };
    });
  }

  override uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: Buffer,
    options: { sha256?: string; signal?: AbortSignal } = {},
  ): Promise<string> {
    options.signal?.throwIfAborted();
    return this.#do('uploadPart', key, () => {
      this.#upload(uploadId).parts.set(partNumber, Buffer.from(body));
      return etagOf(body);
    });
  }

  override listParts(key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
    return this.#do('listParts', key, () => {
      const parts = this.uploads.get(uploadId)?.parts;
      return (
        parts && [...parts].map(([partNumber, body]) => ({ partNumber, etag: etagOf(body), sizeBytes: body.length }))
      );
    });
  }

  override completeUpload(
    key: string,
    uploadId: string,
    parts: readonly { partNumber: number; etag: string }[],
  ): Promise<void> {
    return this.#do('completeUpload', key, () => {
      const upload = this.#upload(uploadId);
      const bodies = parts.map(({ partNumber, etag }) => {
        const body = upload.parts.get(partNumber);
        if (body === undefined || etagOf(body) !== etag) throw new DynaferryError('REQUEST_REFUSED', 'InvalidPart');
        return body;
      });
      this.uploads.delete(uploadId);
      this.#store(key, Buffer.concat(bodies), upload.metadata);
    });
  }

  override abortUpload(key: string, uploadId: string): Promise<void> {
    return this.#do('abortUpload', key, () => void this.uploads.delete(uploadId));
  }

  override async close(): Promise<void> {}

  /** The text of an object. */
  text(key: string): string {
    return this.objects.get(key)?.body.toString() ?? '';
  }

  #store(key: string, body: Buffer, metadata: Record<string, string>): string {
    const etag = etagOf(body);
    this.objects.set(key, { body, sizeBytes: body.length, etag, metadata });
    return etag;
  }

  #upload(id: string): { key: string; metadata: Record<string, string>; parts: Map<number, Buffer> } {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new DynaferryError('REQUEST_REFUSED', id, { serviceCode: 'NoSuchUpload' });
    return upload;
  }

  async #do<T>(operation: BucketOperation, key: string, effect: () => T): Promise<T> {
    this.calls.push(`${operation} ${key}`);
    // As on a network, others get their turn.
    await new Promise((resolve) => setImmediate(resolve));
    await this.before(operation, key);
    const result = effect();
    await this.after(operation, key);
    return result;
  }
}

function info(stored: Stored | undefined): ObjectDetails | undefined {
  return stored && { sizeBytes: stored.sizeBytes, etag: stored.etag, metadata: stored.metadata, headers: {} };
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
