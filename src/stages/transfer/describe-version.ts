import { DynaferryError } from '../../model/errors.ts';
import type { ObjectDetails } from '../../s3/object-info.ts';
import { etagForm, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import type { ObjectVersion } from './read-range.ts';

/** What the source says of the version; of an object in parts, of its first one. Throws SOURCE_CHANGED, and OBJECT_ARCHIVED. */
export async function describeVersion(
  { source, signal }: Pick<Link, 'source' | 'signal'>,
  version: ObjectVersion,
): Promise<ObjectDetails> {
  const form = etagForm(version.etag);
  const details = await source.head(version.key, signal, form.kind === 'parts' ? { partNumber: 1 } : {});
  if (details === undefined || !isSameEtag(details.etag, version.etag))
    throw new DynaferryError('SOURCE_CHANGED', `${source.uri(version.key)} was replaced since it was listed`);
  const { headers } = details;
  const isArchived = /^(GLACIER|DEEP_ARCHIVE)$/.test(headers['x-amz-storage-class'] ?? '');
  if (isArchived && !(headers['x-amz-restore'] ?? '').includes('ongoing-request="false"'))
    throw new DynaferryError('OBJECT_ARCHIVED', `${source.uri(version.key)} is in an archive`);
  return details;
}
