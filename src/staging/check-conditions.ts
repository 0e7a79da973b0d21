import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';

/**
 * Throws CONDITIONS_IGNORED where the bucket does not refuse to write an object anew that is there already, with the same content, though it must be absent (`If-None-Match: *`, API
 * reference of PutObject). S3 answers 412; some services that are compatible with it take no notice, and NumberedLog would not keep two writers apart there.
 */
export async function checkConditions(
  bucket: S3Bucket,
  key: string,
  body: Buffer,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await bucket.put(key, body, { onlyIfAbsent: true, signal });
  } catch (error) {
    if (error instanceof DynaferryError && error.serviceCode === 'PreconditionFailed') return;
    throw error;
  }
  throw new DynaferryError(
    'CONDITIONS_IGNORED',
    `${bucket.site.role}: the service of bucket ${bucket.name} writes ${bucket.uri(key)} anew though If-None-Match forbids it; two captures would overwrite each other's commits`,
  );
}
