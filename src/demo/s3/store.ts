import { S3Error } from './errors.ts';
import type { StoredObject } from './object.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { Upload } from './upload.ts';

/** One bucket, in memory. */
export class Bucket {
  readonly name: string;
  readonly createdMs: number;
  /** The keys of `objects`, in S3's order. */
  readonly keys = new SortedKeys();
  /** Multipart uploads under way, by id, oldest first. */
  readonly uploads = new Map<string, Upload>();
  readonly #objects = new Map<string, StoredObject>();

  constructor(name: string, createdMs: number) {
    this.name = name;
    this.createdMs = createdMs;
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Throws NoSuchKey. */
  get(key: string): StoredObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key });
    return object;
  }

  put(key: string, object: StoredObject): void {
    if (!this.#objects.has(key)) this.keys.add(key);
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.keys.delete(key);
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }
}

/** All the buckets of one endpoint. Operations on it never wait, so each is atomic. */
export class Store {
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly buckets = new Map<string, Bucket>();
  #lastId = 0;

  constructor(region: string, now: () => number) {
    this.region = region;
    this.now = now;
  }

  /** Throws NoSuchBucket. */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket === undefined)
      throw new S3Error('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: name });
    return bucket;
  }

  /** A number that this endpoint has not given out before, as text; for requests and uploads. */
  nextId(): string {
    return (++this.#lastId).toString(16).toUpperCase().padStart(16, '0');
  }
}
