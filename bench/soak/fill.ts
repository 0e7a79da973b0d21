import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { seededBody } from '../../test/world/copy-objects.ts';
import { Random } from '../../test/world/random.ts';
import { MIB } from '../copy/data-sets.ts';

export interface Contents {
  smallObjects: number;
  /** One object each. */
  largeBytes: readonly number[];
  seed: number;
}

const PUTS_AT_ONCE = 32;
const PARTS_AT_ONCE = 4;
const PART_BYTES = 16 * MIB;
const SMALL_BYTES_MAX = 20_000;
/** Keys of small objects lie in so many folders. */
const FOLDERS = 100;

/** Makes the bucket with everything in it. Resolves with how many bytes that is. */
export async function fill(
  s3: S3Client,
  bucket: string,
  { smallObjects, largeBytes, seed }: Contents,
  onProgress: (text: string) => void,
): Promise<number> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const random = new Random(seed);
  const sizes = Array.from({ length: smallObjects }, () => random.integer(0, SMALL_BYTES_MAX));
  const bytes = seededBody(String(seed), 2 * SMALL_BYTES_MAX);
  await atOnce(PUTS_AT_ONCE, smallObjects, async (index) => {
    if (index % 10_000 === 0) onProgress(`${index} of ${smallObjects} small objects`);
    const Key = `small/${index % FOLDERS}/${index}`;
    const from = index % SMALL_BYTES_MAX;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes.subarray(from, from + sizes[index]) }));
  });
  for (const [index, size] of largeBytes.entries()) {
    onProgress(`a large object of ${size} bytes`);
    await putLarge(s3, bucket, `large/${index}`, size);
  }
  return sizes.reduce((sum, size) => sum + size, 0) + largeBytes.reduce((sum, size) => sum + size, 0);
}

/** Every part is another, or one in the place of another would not be noticed. */
async function putLarge(s3: S3Client, Bucket: string, Key: string, size: number): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: CompletedPart[] = [];
  await atOnce(PARTS_AT_ONCE, Math.ceil(size / PART_BYTES), async (index) => {
    const Body = seededBody(`${Key} ${index}`, Math.min(PART_BYTES, size - index * PART_BYTES));
    const PartNumber = index + 1;
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts[index] = { PartNumber, ETag };
  });
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

async function atOnce(workers: number, count: number, each: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      while (next < count) await each(next++);
    }),
  );
}
