/** A place in S3: everything in a bucket that begins with a prefix. */
export interface S3Location {
  bucket: string;
  /** Empty for the whole bucket. */
  prefix: string;
}

/** Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;

/** Buckets made in us-east-1 before 2018, and other services, take more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const ANY_BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

/** The longest key that an object can have. */
export const KEY_BYTES_MAX = 1024;

/** What is staged below the prefix needs its share of a key's 1,024 bytes. */
const PREFIX_BYTES_MAX = 512;

/** Reads `s3://bucket/prefix/`; the slash at the end may be missing, the prefix has one. Gives what is wrong as text where it is no such URI. */
export function parseS3Uri(uri: string): S3Location | { wrong: string } {
  const match = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(uri);
  if (match === null) return { wrong: 'it does not begin with s3://' };
  const bucket = match[1];
  const path = match[2] ?? '';
  if (!BUCKET.test(bucket)) return { wrong: 'a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens' };
  if (hasControlCharacter(path)) return { wrong: 'the prefix has a control character' };
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  if (prefix.startsWith('/') || prefix.includes('//')) return { wrong: 'the prefix has an empty part (//)' };
  if (Buffer.byteLength(prefix) > PREFIX_BYTES_MAX)
    return { wrong: `the prefix is longer than ${PREFIX_BYTES_MAX} bytes` };
  return { bucket, prefix };
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Reads `s3://bucket/prefix`, as the AWS CLI does: whatever stands behind the bucket's slash is the prefix, to the letter. */
export function parseS3Prefix(uri: string): S3Location | { wrong: string } {
  const match = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(uri);
  if (match === null) return { wrong: 'it does not begin with s3://' };
  const [, bucket, prefix = ''] = match;
  if (!ANY_BUCKET.test(bucket))
    return { wrong: 'a bucket name has 3 or more letters, digits, dots, hyphens and underscores' };
  if (!prefix.isWellFormed()) return { wrong: 'the prefix is not valid Unicode' };
  if (Buffer.byteLength(prefix) > KEY_BYTES_MAX) return { wrong: `the prefix is longer than ${KEY_BYTES_MAX} bytes` };
  return { bucket, prefix };
}
