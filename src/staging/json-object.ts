import type { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';

/** A value as small objects of staging hold it: one line of JSON. */
export function jsonLine(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

export async function writeJson(bucket: S3Bucket, key: string, value: unknown, signal?: AbortSignal): Promise<void> {
  await bucket.put(key, jsonLine(value), { contentType: 'application/json', signal });
}

/** False where there is such an object already; also where it is this very one, whose answer was lost. */
export async function createJson(
  bucket: S3Bucket,
  key: string,
  value: unknown,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await bucket.put(key, jsonLine(value), { contentType: 'application/json', onlyIfAbsent: true, signal });
    return true;
  } catch (error) {
    if (error instanceof DynaferryError && error.serviceCode === 'PreconditionFailed') return false;
    throw error;
  }
}

/**
 * Replaces what was read with this ETag, or writes where nothing was there (undefined). False where there is something else by now; true also where that is this very value,
 * whose answer was lost.
 */
export async function replaceJson(
  bucket: S3Bucket,
  key: string,
  value: unknown,
  etag: string | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const body = jsonLine(value);
  const condition = etag === undefined ? { onlyIfAbsent: true } : { onlyIfMatch: etag };
  try {
    await bucket.put(key, body, { contentType: 'application/json', ...condition, signal });
    return true;
  } catch (error) {
    const isRefused =
      error instanceof DynaferryError &&
      (error.serviceCode === 'PreconditionFailed' || error.code === 'OBJECT_NOT_FOUND');
    if (!isRefused) throw error;
    const found = await bucket.find(key, signal);
    // Whoever reads it anew and tries again would do so without end.
    if (found !== undefined && found.etag === etag)
      throw new DynaferryError(
        'SERVICE_FAILED',
        `${bucket.site.role}: ${bucket.uri(key)} cannot be replaced (If-Match), though it has the ETag ${etag} that is asked for`,
      );
    return found?.body.equals(body) === true;
  }
}

/** Undefined where there is no such object. Throws MANIFEST_INVALID where it is not `what` the schema describes. */
export async function readJson<T>(
  bucket: S3Bucket,
  key: string,
  schema: z.ZodType<T>,
  what: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  return (await findJson(bucket, key, schema, what, signal))?.value;
}

/** The same with the ETag of what was read, by which it can be replaced. */
export async function findJson<T>(
  bucket: S3Bucket,
  key: string,
  schema: z.ZodType<T>,
  what: string,
  signal?: AbortSignal,
): Promise<{ value: T; etag: string } | undefined> {
  const found = await bucket.find(key, signal);
  if (found === undefined) return undefined;
  try {
    return { value: schema.parse(JSON.parse(found.body.toString('utf8'))), etag: found.etag };
  } catch (error) {
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.site.role}: ${bucket.uri(key)} is not ${what} that this version can read`,
      { cause: error },
    );
  }
}
