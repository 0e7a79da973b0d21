import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  AbortMultipartUploadCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';

/** One listed object. */
export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** As S3 gives it, with quotes. */
  eTag: string;
}

/** An object as it lies in the bucket; nothing is decompressed. */
export interface StoredObject {
  body: Buffer;
  /** User metadata, without the `x-amz-meta-` in front. */
  metadata: Record<string, string>;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  eTag: string;
}

/** All objects below the prefix in the order of their keys, over as many pages as there are. */
export async function listObjects(s3: S3Client, bucket: string, prefix = ''): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key, Size, ETag } of page.Contents ?? [])
      objects.push({ key: Key ?? '', sizeBytes: Size ?? 0, eTag: ETag ?? '' });
  return objects;
}

/** The whole object with its metadata. */
export async function readObject(s3: S3Client, bucket: string, key: string): Promise<StoredObject> {
  const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (answer.Body === undefined) throw new Error(`s3://${bucket}/${key} came without a body`);
  return {
    body: Buffer.from(await answer.Body.transformToByteArray()),
    metadata: answer.Metadata ?? {},
    contentType: answer.ContentType,
    contentEncoding: answer.ContentEncoding,
    eTag: answer.ETag ?? '',
  };
}

/** Deletes the bucket with everything in it. */
export async function removeBucket(s3: S3Client, bucket: string): Promise<void> {
  const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key, UploadId } of uploads.Uploads ?? [])
    await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  for (const { key } of await listObjects(s3, bucket))
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
}
