import { DynaferryError } from '../../model/errors.ts';
import type { Link } from './link.ts';
import { readRange, type ObjectVersion } from './read-range.ts';

const READS_MAX = 4;

/**
 * Reads bytes of a version that are in `body` already until they come twice in a row as they are: what neither the connection nor the ETag protects. `again` is as long as `body`. Throws
 * INTERRUPTED_NETWORK where they come in another way each time.
 */
export async function readSameAgain(
  link: Link,
  version: ObjectVersion,
  start: number,
  body: Buffer,
  again: Buffer,
): Promise<void> {
  for (let reads = 2; reads <= READS_MAX; reads++) {
    await readRange(link, version, start, again);
    if (again.equals(body)) return;
    again.copy(body);
    link.onRetry();
  }
  throw new DynaferryError(
    'INTERRUPTED_NETWORK',
    `${link.source.uri(version.key)} arrives damaged, each time in another way`,
  );
}
