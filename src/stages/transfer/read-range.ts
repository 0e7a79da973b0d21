import { DynaferryError } from '../../model/errors.ts';
import type { ObjectDetails } from '../../s3/object-info.ts';
import type { Link } from './link.ts';

/** The version of an object that is read. */
export interface ObjectVersion {
  key: string;
  etag: string;
  sizeBytes: number;
}

/** A range is cut so that a piece takes one connection some seconds: over a slow link many share the work, over a fast one it stays whole. */
const PIECE_SECONDS = 8;
const PIECE_BYTES_MIN = 256 * 1024;
/** However fast the link is: no answer may be larger than 1 GiB (aws/response-reader.ts), and a piece is less than twice as long as this. */
const PIECE_BYTES_MAX = 512 * 1024 * 1024;
/** As long as nothing is known of the link. */
const PIECE_BYTES_FIRST = 1024 * 1024;

/**
 * Reads one version of an object from `start` on until the buffer is full, in several requests side by side where the link is slow; resolves with what the first of them says of
 * the object. Throws SOURCE_CHANGED where the object is another one by now.
 */
export async function readRange(
  link: Pick<Link, 'source' | 'gate' | 'bandwidth' | 'signal'>,
  version: ObjectVersion,
  start: number,
  into: Buffer,
): Promise<ObjectDetails> {
  const { source, gate, bandwidth, signal } = link;
  const read = (from: number, to: number): Promise<ObjectDetails> =>
    gate.run(
      'in',
      async () => {
        await bandwidth.acquire(to - from, signal);
        // A range of an empty object cannot be asked for.
        const range = to > from ? { start: start + from, end: start + to, into: into.subarray(from, to) } : undefined;
        const { body, ...details } = await source.get(version.key, { range, ifMatch: version.etag, signal });
        if (body.length !== to - from)
          throw new DynaferryError('SOURCE_CHANGED', `${source.uri(version.key)} is shorter than it was listed`);
        // A bucket that knows of no buffers has put it elsewhere.
        if (body.buffer !== into.buffer || body.byteOffset !== into.byteOffset + from) body.copy(into, from);
        bandwidth.settle(to - from, to - from);
        return details;
      },
      signal,
    );
  const rate = gate.bytesPerSecond('in');
  const bearable = rate === undefined ? PIECE_BYTES_FIRST : Math.max(PIECE_BYTES_MIN, rate * PIECE_SECONDS);
  const piece = Math.min(bearable, PIECE_BYTES_MAX);
  const count = Math.max(1, Math.floor(into.length / piece));
  if (count === 1) return read(0, into.length);
  const at = (index: number): number => Math.floor((into.length * index) / count);
  const [first] = await settleAll(Array.from({ length: count }, (_, index) => read(at(index), at(index + 1))));
  return first;
}

/** As Promise.all, but not before all have ended: nothing goes on behind the caller's back. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}
