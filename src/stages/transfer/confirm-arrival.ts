import { DynaferryError } from '../../model/errors.ts';
import type { ObjectDetails } from '../../s3/object-info.ts';
import { etagForm, hidesDigest, isSameEtag } from './etag.ts';
import type { Link } from './link.ts';
import { notWhole } from './multipart-transfer.ts';

/** Believes no answer to an upload: asks the target what it has. Throws DATA_DAMAGED where that is not what was sent. */
export async function confirmArrival(
  { target, signal }: Pick<Link, 'target' | 'signal'>,
  targetKey: string,
  sent: { sizeBytes: number; etag?: string },
): Promise<ObjectDetails> {
  const there = await target.head(targetKey, signal);
  if (there === undefined)
    throw new DynaferryError('DATA_DAMAGED', `${target.uri(targetKey)} was accepted and is not there`);
  if (there.sizeBytes !== sent.sizeBytes) throw notWhole(target.uri(targetKey), sent.sizeBytes, there.sizeBytes);
  const isComparable = etagForm(there.etag).kind === 'parts' && !hidesDigest(there.headers);
  if (sent.etag !== undefined && isComparable && !isSameEtag(there.etag, sent.etag))
    throw new DynaferryError('DATA_DAMAGED', `${target.uri(targetKey)} was not made of the parts that were sent`);
  return there;
}
