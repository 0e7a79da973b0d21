import type { ObjectDetails } from '../../s3/object-info.ts';
import { readTags, tagHeader } from '../../s3/tags.ts';
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
