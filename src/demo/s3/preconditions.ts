import { S3Error } from './errors.ts';
import type { StoredObject } from './object.ts';
import { headerOf, type S3Request } from './request.ts';

/**
 * Whether a conditional write may go on
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). Throws PreconditionFailed, or NoSuchKey for If-Match
 * on an object that is not there.
 */
export function checkWriteConditions(request: S3Request, existing: StoredObject | undefined): void {
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', 'If-None-Match of a write takes * only.', { Header: 'If-None-Match' });
  if (ifNoneMatch === '*' && existing !== undefined) throw failed('If-None-Match');
  const ifMatch = headerOf(request, 'if-match');
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: request.key });
  if (!matches(ifMatch, existing.etag)) throw failed('If-Match');
}

/** Whether a conditional read is answered with the object, or with 304. Throws PreconditionFailed. RFC 9110, section 13.2.2. */
export function isNotModified(request: S3Request, object: StoredObject): boolean {
  const ifMatch = headerOf(request, 'if-match');
  if (ifMatch !== undefined && !matches(ifMatch, object.etag)) throw failed('If-Match');
  const unmodifiedSince = seconds(headerOf(request, 'if-unmodified-since'));
  const modified = Math.floor(object.lastModifiedMs / 1000);
  if (ifMatch === undefined && unmodifiedSince !== undefined && modified > unmodifiedSince)
    throw failed('If-Unmodified-Since');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, object.etag);
  const modifiedSince = seconds(headerOf(request, 'if-modified-since'));
  return modifiedSince !== undefined && modified <= modifiedSince;
}

/** The conditions on the source of a copy. Throws PreconditionFailed. */
export function checkCopyConditions(request: S3Request, source: StoredObject): void {
  const ifMatch = headerOf(request, 'x-amz-copy-source-if-match');
  if (ifMatch !== undefined && !matches(ifMatch, source.etag)) throw failed('x-amz-copy-source-If-Match');
  const ifNoneMatch = headerOf(request, 'x-amz-copy-source-if-none-match');
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, source.etag)) throw failed('x-amz-copy-source-If-None-Match');
}

/** S3 takes entity tags with and without quotes. */
function matches(condition: string, etag: string): boolean {
  return condition.split(',').some((each) => each.trim() === '*' || `"${each.trim().replaceAll('"', '')}"` === etag);
}

function seconds(date: string | undefined): number | undefined {
  if (date === undefined) return undefined;
  const timeMs = Date.parse(date);
  return Number.isNaN(timeMs) ? undefined : Math.floor(timeMs / 1000);
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  });
}
