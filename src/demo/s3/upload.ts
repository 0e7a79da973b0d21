import type { Checksum, StoredObject } from './object.ts';

/** One part of a multipart upload. */
export interface UploadedPart {
  readonly number: number;
  readonly bytes: Buffer;
  readonly md5: Buffer;
  readonly checksum: Checksum | undefined;
  readonly lastModifiedMs: number;
}

/** A multipart upload under way. */
export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly initiatedMs: number;
  /** What the object's headers will be. */
  readonly headers: StoredObject['headers'];
  readonly parts: Map<number, UploadedPart>;
}
