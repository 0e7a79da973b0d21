import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { CompletedPart, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { createCipheriv, createHash } from 'node:crypto';

/** What an object is to have besides its body. */
type ObjectProperties = Pick<
  PutObjectCommandInput,
  | 'CacheControl'
  | 'ContentDisposition'
  | 'ContentEncoding'
  | 'ContentLanguage'
  | 'ContentType'
  | 'Expires'
  | 'Metadata'
  | 'StorageClass'
>;

/** An object of a test. Its body follows from `seed` and, where that is left out, from its key. */
export interface CopyObject {
  key: string;
  sizeBytes: number;
  seed?: string;
  /** Made by a multipart upload with such parts; by a plain PUT where left out. */
  partSizeBytes?: number;
  properties?: ObjectProperties;
  tags?: Record<string, string>;
}

const OBJECTS_AT_ONCE = 8;

/** Bytes that look random and are always the same for the same seed. */
export function seededBody(seed: string, sizeBytes: number): Buffer {
  const key = createHash('md5').update(seed).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** Makes the objects in the bucket, several at once. */
export async function fillBucket(s3: S3Client, bucket: string, objects: Iterable<CopyObject>): Promise<void> {
  const left = Iterator.from(objects);
  await Promise.all(
    Array.from({ length: OBJECTS_AT_ONCE }, async () => {
      for (let next = left.next(); next.done !== true; next = left.next()) await putObject(s3, bucket, next.value);
    }),
  );
}

async function putObject(s3: S3Client, Bucket: string, object: CopyObject): Promise<void> {
  const { key: Key, sizeBytes, seed = Key, partSizeBytes, properties, tags } = object;
  const body = seededBody(seed, sizeBytes);
  if (partSizeBytes === undefined) await s3.send(new PutObjectCommand({ Bucket, Key, Body: body, ...properties }));
  else await putParts(s3, { Bucket, Key, ...properties }, body, partSizeBytes);
  if (tags === undefined) return;
  const TagSet = Object.entries(tags).map(([name, Value]) => ({ Key: name, Value }));
  await s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
}

async function putParts(
  s3: S3Client,
  object: ObjectProperties & { Bucket: string; Key: string },
  body: Buffer,
  partSizeBytes: number,
): Promise<void> {
  const { Bucket, Key } = object;
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(object));
  const Parts: CompletedPart[] = [];
  for (let start = 0; start < body.length; start += partSizeBytes) {
    const PartNumber = Parts.length + 1;
    const Body = body.subarray(start, start + partSizeBytes);
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}
