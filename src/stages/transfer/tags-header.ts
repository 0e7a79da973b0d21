import type { S3Bucket } from '../../s3/bucket.ts';
import type { ObjectDetails } from '../../s3/object-info.ts';
import { readTags, tagHeader, writeTags } from '../../s3/tags.ts';
import type { ObjectSettings } from './copy-options.ts';
import type { Link } from './link.ts';

/** The header that gives a copy its tags; none where it gets none. Objects with tags say how many, which saves the question for all others. */
export async function tagsHeader(
  { source, signal }: Link,
  { tags }: ObjectSettings,
  key: string,
  headers: ObjectDetails['headers'],
): Promise<Record<string, string>> {
  if (tags === 'drop') return {};
  if (tags !== 'carry') return { 'x-amz-tagging': tagHeader(Object.entries(tags)) };
  if (Number(headers['x-amz-tagging-count'] ?? 0) === 0) return {};
  return { 'x-amz-tagging': await readTags(source, key, signal) };
}

/** Of the 8 KB that S3 takes of headers, metadata may have two (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html): more than these of tags get a request of their own. */
const TAGS_BYTES_MAX = 4096;

/** What of the tags goes along with the object. */
export function alongTags(tags: Record<string, string>): Record<string, string> {
  return (tags['x-amz-tagging'] ?? '').length > TAGS_BYTES_MAX ? {} : tags;
}

/** Gives an object its tags by a request of their own where the service has not taken them along, as Ceph does not with copies and multipart uploads. */
export async function settleTags(
  target: S3Bucket,
  targetKey: string,
  there: Pick<ObjectDetails, 'headers'>,
  { 'x-amz-tagging': tags = '' }: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  if (tags !== '' && Number(there.headers['x-amz-tagging-count'] ?? 0) === 0)
    await writeTags(target, targetKey, tags, signal);
}
