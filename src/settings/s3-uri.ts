/** A place in S3: everything in a bucket that begins with a prefix. */
export interface S3Location {
  bucket: string;
  /** Ends with a slash, or is empty for the whole bucket. */
  prefix: string;
}

/** Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;

/** Keys have at most 1,024 bytes; what is staged below the prefix needs its share of them. */
const PREFIX_BYTES_MAX = 512;

/** Reads `s3://bucket/prefix/`; the slash at the end may be missing. Gives what is wrong as text where it is no such URI. */
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
