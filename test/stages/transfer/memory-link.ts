import { createHash } from 'node:crypto';
import { BufferBudget } from '../../../src/engine/buffer-budget.ts';
import { ConnectionGate } from '../../../src/engine/connection-gate.ts';
import { Pacer } from '../../../src/engine/pacer.ts';
import type { S3Bucket } from '../../../src/s3/bucket.ts';
import { compareKeys } from '../../../src/s3/compare-keys.ts';
import type { ListPage } from '../../../src/s3/list-page.ts';
import type { ListedObject, ListPageOptions, ObjectDetails } from '../../../src/s3/object-info.ts';
import { NO_ELEMENT, type XmlElement } from '../../../src/s3/xml.ts';
import type { Link } from '../../../src/stages/transfer/link.ts';
import { pageOf } from '../../s3/page-of.ts';

export interface MemoryObject {
  body: Buffer;
  etag: string;
  headers?: Record<string, string>;
  modifiedMs?: number;
}

/** What a stage that only lists, asks, reads and deletes needs of a bucket. */
export class MemoryBucket {
  readonly objects = new Map<string, MemoryObject>();
  /** Keys that were asked for, and those that were read. */
  readonly heads: string[] = [];
  readonly reads: string[] = [];
  /** Called before each answer; may throw. */
  before: (what: 'list' | 'head' | 'get', key: string) => void = () => undefined;

  uri(key: string): string {
    return `s3://memory/${key}`;
  }

  set(key: string, object: MemoryObject): void {
    this.objects.set(key, object);
  }

  listed(key: string): ListedObject {
    const { body, etag, modifiedMs = 0 } = this.objects.get(key)!;
    return { key, sizeBytes: body.length, etag, lastModifiedMs: modifiedMs, storageClass: 'STANDARD' };
  }

  async listPage(prefix: string, { startAfter, maxKeys = 3 }: ListPageOptions = {}): Promise<ListPage> {
    this.before('list', startAfter ?? '');
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(prefix) && (startAfter === undefined || compareKeys(key, startAfter) > 0))
      .sort((a, b) => compareKeys(a, b));
    const objects = keys.slice(0, maxKeys).map((key) => this.listed(key));
    return pageOf(objects, keys.length > maxKeys ? 'next' : undefined);
  }

  async head(key: string): Promise<ObjectDetails | undefined> {
    this.heads.push(key);
    this.before('head', key);
    const object = this.objects.get(key);
    return object === undefined ? undefined : detailsOf(object);
  }

  async get(
    key: string,
    { range }: { range?: { start: number; end: number } } = {},
  ): Promise<ObjectDetails & { body: Buffer }> {
    this.reads.push(key);
    this.before('get', key);
    const object = this.objects.get(key)!;
    return { ...detailsOf(object), body: object.body.subarray(range?.start ?? 0, range?.end) };
  }

  /** Of DeleteObjects only. */
  async xml(
    _method: string,
    _key: string,
    _action: string,
    _root: string,
    { body }: { body: Buffer },
  ): Promise<XmlElement> {
    for (const [, key] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(key);
    return NO_ELEMENT;
  }
}

function detailsOf({ body, etag, headers = {} }: MemoryObject): ObjectDetails {
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-amz-meta-'))
    .map(([name, value]) => [name.slice(11), value]);
  return { sizeBytes: body.length, etag, metadata: Object.fromEntries(metadata) as Record<string, string>, headers };
}

/** A link between two such buckets, without bounds. */
export function memoryLink(source = new MemoryBucket(), target = new MemoryBucket()): Link {
  const gate = new ConnectionGate({ min: 4, max: 4 });
  gate.close();
  return {
    source: source as unknown as S3Bucket,
    target: target as unknown as S3Bucket,
    gate,
    memory: new BufferBudget(64 * 2 ** 20),
    bandwidth: new Pacer(Infinity),
    onBytes: () => undefined,
    onRetry: () => undefined,
    signal: new AbortController().signal,
  };
}

function md5Hex(body: Buffer): string {
  return createHash('md5').update(body).digest('hex');
}

/** The ETag of an object that is put whole. */
export function wholeEtag(body: Buffer): string {
  return `"${md5Hex(body)}"`;
}

/** The ETag of an object that is uploaded in parts, by the definition. */
export function partsEtag(body: Buffer, partSizeBytes: number): string {
  const digests: Buffer[] = [];
  for (let at = 0; at < body.length || digests.length === 0; at += partSizeBytes)
    digests.push(Buffer.from(md5Hex(body.subarray(at, at + partSizeBytes)), 'hex'));
  return `"${md5Hex(Buffer.concat(digests))}-${digests.length}"`;
}
