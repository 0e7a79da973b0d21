import type { ObjectDetails } from '../../s3/object-info.ts';
import type { Link } from './link.ts';

/** The version of an object that is read. */
export interface ObjectVersion {
  key: string;
  etag: string;
  sizeBytes: number;
}

/** A range is cut so that a piece takes one connection some seconds: over a slow link many share the work, over a fast one it stays whole. */
const PIECE_SECONDS = 4;
const PIECE_BYTES_MIN = 256 * 1024;
/** As long as nothing is known of the link. */
const PIECE_BYTES_FIRST = 1024 * 1024;

/**
 * Reads [start, end) of one version of an object, in several requests side by side where the link is slow; what the first one says of the object comes
 * along. Throws SOURCE_CHANGED where the object is another one by now.
 */
export async function readRange(
  link: Pick<Link, 'source' | 'gate' | 'bandwidth' | 'signal'>,
  version: ObjectVersion,
  start: number,
  end: number,
): Promise<ObjectDetails & { body: Buffer }> {
  const { source, gate, bandwidth, signal } = link;
  const read = (from: number, to: number): Promise<ObjectDetails & { body: Buffer }> =>
    gate.run(async () => {
      await bandwidth.acquire(to - from, signal);
      // A range of an empty object cannot be asked for.
      const range = to > from ? { start: from, end: to } : undefined;
      const answer = await source.get(version.key, { range, ifMatch: version.etag, signal });
      bandwidth.settle(to - from, answer.body.length);
      return answer;
    }, signal);
  const rate = gate.bytesPerSecond;
  const piece = rate === undefined ? PIECE_BYTES_FIRST : Math.max(PIECE_BYTES_MIN, rate * PIECE_SECONDS);
  const count = Math.max(1, Math.floor((end - start) / piece));
  if (count === 1) return read(start, end);
  const at = (index: number): number => start + Math.floor(((end - start) * index) / count);
  const pieces = await settleAll(Array.from({ length: count }, (_, index) => read(at(index), at(index + 1))));
  return { ...pieces[0], body: Buffer.concat(pieces.map(({ body }) => body)) };
}

/** As Promise.all, but not before all have ended: nothing goes on behind the caller's back. */
export async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
