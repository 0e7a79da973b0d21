import type { ListedObject } from '../../s3/object-info.ts';
import type { PageObject } from '../../s3/page-object.ts';
import type { CompareMode, CopyReason } from './copy-options.ts';
import { etagForm, hidesDigest, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import { PART_SIZE, SOURCE_ETAG } from './object-headers.ts';
import { sameContent } from './same-content.ts';

/** What the two listings alone say of an object that both sides have: the same, different, or that the target has to be asked. */
export function judgeListed(source: PageObject, target: PageObject, mode: CompareMode): 'same' | 'ask' | CopyReason {
  if (mode === 'missing') return 'same';
  if (source.sizeBytes !== target.sizeBytes) return 'size';
  if (mode === 'size') return 'same';
  if (mode === 'mtime') return source.lastModifiedMs > target.lastModifiedMs ? 'newer' : 'same';
  return source.hasEtagOf(target) || isSameEtag(source.etag, target.etag) ? 'same' : 'ask';
}

/**
 * Asks the target for the record that a copy of ours left there: which version of the source it holds. Where there is none, ETags are compared if both are
 * digests of the whole; else both objects count as different, or are read where that is asked for.
 */
export async function judgeAsked(
  link: Link,
  source: ListedObject,
  target: ListedObject,
  mode: CompareMode,
): Promise<'same' | CopyReason> {
  const there = await link.target.head(target.key, link.signal);
  if (there === undefined) return 'missing';
  if (isSameEtag(there.metadata[SOURCE_ETAG] ?? '', source.etag)) return 'same';
  const areDigests =
    etagForm(source.etag).kind === 'md5' && etagForm(target.etag).kind === 'md5' && !hidesDigest(there.headers);
  if (mode !== 'checksum' || (areDigests && !(await hidesSource(link, source)))) return 'etag';
  const recordedBytes = Number(there.metadata[PART_SIZE] ?? 0);
  return (await sameContent(link, source, { ...target, headers: there.headers }, recordedBytes)) ? 'same' : 'checksum';
}

/** A listing does not say whether an ETag of the form of an MD5 is one. */
async function hidesSource({ source: bucket, signal }: Link, source: ListedObject): Promise<boolean> {
  const now = await bucket.head(source.key, signal);
  return now !== undefined && hidesDigest(now.headers);
}
