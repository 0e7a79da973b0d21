import type { S3Bucket } from '../s3/bucket.ts';
import type { DataObject } from './commit-log.ts';
import { fileSuffix, type Compression } from './compression.ts';
import type { FinishedObject } from './data-object.ts';
import type { ExportLayout } from './layout.ts';

export interface WriteObjectOptions {
  compression: Compression;
  policyHash: string;
  signal: AbortSignal;
}

/** Writes the data object of commit `seq`, before the commit; resolves with what the commit says of it: null where it has no lines and is not written. */
export async function writeObject(
  bucket: S3Bucket,
  layout: ExportLayout,
  seq: number,
  finished: FinishedObject,
  { compression, policyHash, signal }: WriteObjectOptions,
): Promise<DataObject | null> {
  const { body, items, jsonBytes, md5Base64, sha256, partSizeBytes, partSha256 } = finished;
  if (items === 0) return null;
  // The content is part of the name: whoever else tries this number, on another machine or in a request that outlives its process, writes elsewhere.
  const whole = `${layout.dataOf(seq)}${sha256.slice(0, 16)}${fileSuffix[compression]}`;
  const key = whole.slice(layout.root.length);
  const etag = await bucket.put(whole, body, {
    sha256,
    metadata: objectMetadata(finished, policyHash),
    contentType: compression === 'gzip' ? 'application/gzip' : 'application/zstd',
    signal,
  });
  return { key, items, sizeBytes: body.length, jsonBytes, etag, md5Base64, sha256, partSizeBytes, partSha256 };
}

/** User metadata of a data object: what must be known of it before it is believed. */
function objectMetadata(object: FinishedObject, policyHash: string): Record<string, string> {
  return { 'dynaferry-sha256': object.sha256, 'dynaferry-items': String(object.items), 'dynaferry-policy': policyHash };
}
