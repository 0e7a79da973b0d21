import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from './bucket.ts';

/** SERVICE_FAILED, of a listing that says that it goes on and gives the place that it was asked for, or none: it would never end. */
export function stuckListing(bucket: S3Bucket, key: string): DynaferryError {
  return new DynaferryError('SERVICE_FAILED', `${bucket.site.role}: a listing of ${bucket.uri(key)} does not go on`);
}
