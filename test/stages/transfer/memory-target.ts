import { createHash } from 'node:crypto';
import { DynaferryError } from '../../../src/model/errors.ts';
import type {
  CreatedUpload,
  ListedObject,
  ObjectDetails,
  PutOptions,
  UploadedPart,
} from '../../../src/s3/object-info.ts';
import { MemoryBucket } from './memory-link.ts';

interface Upload {
  key: string;
  headers: Record<string, string>;
  parts: Map<number, Buffer>;
}

/** A bucket that is written to as well, in parts too. One that encrypts under KMS gives ETags that are no digests. */
export class MemoryTarget extends MemoryBucket {
  readonly name = 'memory';
  readonly site: { s3Url: string; requestPayer: boolean };
  readonly uploads = new Map<string, Upload>();
  /** Bytes that came in parts. */
  partBytes = 0;
  isKms = false;
  #begun = 0;

  constructor({ requestPayer = false, s3Url = 'https://memory' } = {}) {
    super();
    this.site = { s3Url, requestPayer };
  }

  async put(key: string, body: Buffer, { headers }: PutOptions = {}): Promise<string> {
    return this.#make(key, body, headers ?? {});
  }

  async find(key: string): Promise<(ObjectDetails & { body: Buffer }) | undefined> {
    return this.objects.has(key) ? this.get(key) : undefined;
  }

  async delete(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    for (const key of this.objects.keys()) if (key.startsWith(prefix)) yield this.listed(key);
  }

  async createUpload(key: string, { headers = {} }: PutOptions): Promise<CreatedUpload> {
    const uploadId = `upload ${++this.#begun}`;
    this.uploads.set(uploadId, { key, headers, parts: new Map() });
    return { uploadId, headers: this.#encryption() };
  }

  async uploadPart(_key: string, uploadId: string, partNumber: number, body: Buffer): Promise<string> {
    const upload = this.uploads.get(uploadId) ?? gone();
    upload.parts.set(partNumber, Buffer.from(body));
    this.partBytes += body.length;
    return this.#etagOf(body);
  }

  async listParts(_key: string, uploadId: string): Promise<UploadedPart[] | undefined> {
    const upload = this.uploads.get(uploadId);
    return (
      upload &&
      [...upload.parts].map(([partNumber, body]) => ({
        partNumber,
        etag: this.#etagOf(body),
        sizeBytes: body.length,
      }))
    );
  }

  async completeUpload(key: string, uploadId: string): Promise<void> {
    const { headers, parts } = this.uploads.get(uploadId) ?? gone();
    this.uploads.delete(uploadId);
    const bodies = [...parts].sort(([a], [b]) => a - b).map(([, body]) => body);
    this.#make(key, Buffer.concat(bodies), headers, bodies);
  }

  async abortUpload(_key: string, uploadId: string): Promise<void> {
    this.uploads.delete(uploadId);
  }

  #make(key: string, body: Buffer, headers: Record<string, string>, parts?: Buffer[]): string {
    const md5s = parts?.map((part) => createHash('md5').update(part).digest());
    const etag = md5s === undefined ? this.#etagOf(body) : this.#etagOf(Buffer.concat(md5s), `-${md5s.length}`);
    this.set(key, { body: Buffer.from(body), etag, headers: { ...headers, ...this.#encryption() } });
    return etag;
  }

  #etagOf(body: Buffer, end = ''): string {
    const salt = this.isKms ? 'no digest' : '';
    return `"${createHash('md5').update(salt).update(body).digest('hex')}${end}"`;
  }

  #encryption(): Record<string, string> {
    return this.isKms ? { 'x-amz-server-side-encryption': 'aws:kms' } : {};
  }
}

function gone(): never {
  throw new DynaferryError('REQUEST_REFUSED', 'no such upload', { serviceCode: 'NoSuchUpload', status: 404 });
}
