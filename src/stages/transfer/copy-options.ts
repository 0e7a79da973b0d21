import type { ErrorCode } from '../../model/error-catalogue.ts';
import type { ListedObject } from '../../s3/object-info.ts';

/** One prefix of the source and where its objects go: a key's rest behind `source` is put behind `target`. */
export interface PrefixPair {
  source: string;
  target: string;
}

/** Which of the listed objects are copied. Keys are matched by what stands behind the source's prefix. */
export interface CopyScope {
  /** `object` has its key at the source, below `prefix`, also where it is one that only the target has. Its key is read only where something depends on it. */
  includes(object: ListedObject, prefix: string): boolean;
}

/**
 * When an object that is at the target already is copied again.
 *
 * - `missing`: never.
 * - `size`: where sizes differ.
 * - `mtime`: where sizes differ, or the source was modified later than the target (as `aws s3 sync`).
 * - `etag`: where sizes differ, or ETags that can be compared; where they cannot, the record that a copy of ours left at the target.
 * - `checksum`: as `etag`; where nothing is recorded, both objects are read.
 */
export type CompareMode = 'missing' | 'size' | 'mtime' | 'etag' | 'checksum';

/** Why an object is copied, for dry runs and events. */
export type CopyReason = 'missing' | 'size' | 'etag' | 'newer' | 'checksum' | 'retry';

/** What of an object is carried, and what is set instead. Absent means: carried as it is at the source. */
export interface ObjectSettings {
  storageClass?: string;
  /** A canned ACL; the target's default where absent, since a source's grants name accounts that the target's partition does not know. */
  acl?: string;
  encryption?: { kind: 'AES256' } | { kind: 'aws:kms'; keyId?: string };
  /** `carry` costs one request for each object that has tags. */
  tags: 'carry' | 'drop' | Record<string, string>;
  contentType?: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  contentLanguage?: string;
  /** User metadata to set beside what is carried. */
  metadata?: Record<string, string>;
}

/** Bounds of one copy. */
export interface CopyBounds {
  connectionsMin: number;
  connectionsMax: number;
  /** Bytes of parts that are held at once. */
  memoryBytes: number;
  /** Chosen by the object's size where absent; a multiple of 5 MiB. */
  partSizeBytes?: number;
}

/** An object that was not copied, and why. */
export interface FailedObject {
  key: string;
  sizeBytes: number;
  /** OBJECT_ARCHIVED for an object that must be restored first. */
  code: ErrorCode;
  reason: string;
}
