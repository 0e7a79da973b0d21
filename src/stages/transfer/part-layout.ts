const MiB = 1024 * 1024;

/** Limits of a multipart upload: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const PARTS_MAX = 10_000;
export const PART_BYTES_MIN = 5 * MiB;
const PART_BYTES_MAX = 5 * 1024 * MiB;

/** Part sizes that programs use: the AWS CLI, SDKs, s3a, rclone, the console, Data Transfer Hub. */
const usualSizes = [5, 8, 10, 16, 6, 7, 12, 15, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1024].map((size) => size * MiB);

/** Sizes that an object of so many bytes and parts may have been uploaded with, the likeliest first. */
export function partSizeCandidates(sizeBytes: number, count: number): number[] {
  const least = Math.ceil(Math.ceil(sizeBytes / count) / MiB) * MiB;
  const sizes = count === 1 ? [Math.max(sizeBytes, PART_BYTES_MIN)] : [...usualSizes, least];
  return [...new Set(sizes)].filter((size) => isLayout(sizeBytes, size) && Math.ceil(sizeBytes / size) === count);
}

/** Whether S3 takes an object in parts of this size. */
export function isLayout(sizeBytes: number, partSizeBytes: number): boolean {
  return (
    partSizeBytes >= PART_BYTES_MIN &&
    partSizeBytes <= PART_BYTES_MAX &&
    Math.ceil(sizeBytes / partSizeBytes) <= PARTS_MAX
  );
}

/** The smallest multiple of 5 MiB, and of no less than what is asked for, with which 10,000 parts are enough: what is lost to a broken connection is small. */
export function chosenPartSize(sizeBytes: number, askedBytes = PART_BYTES_MIN): number {
  const least = Math.max(askedBytes, Math.ceil(sizeBytes / PARTS_MAX));
  return Math.ceil(least / PART_BYTES_MIN) * PART_BYTES_MIN;
}
