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

/** Undefined where there is no such object. Throws MANIFEST_INVALID where it is not `what` the schema describes. */
export async function readJson<T>(
  bucket: S3Bucket,
  key: string,
  schema: z.ZodType<T>,
  what: string,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const found = await bucket.find(key, signal);
  if (found === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(found.body.toString('utf8')));
  } catch (error) {
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.site.role}: ${bucket.uri(key)} is not ${what} that this version can read`,
      { cause: error },
    );
  }
}
