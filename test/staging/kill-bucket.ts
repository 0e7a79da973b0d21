import type { MemoryBucket } from './memory-bucket.ts';

/** Ends the process, as far as the bucket goes, at its n-th operation, before or after the effect. */
export function killAt(bucket: MemoryBucket, nth: number, moment: 'before' | 'after'): { killed: () => boolean } {
  let count = 0;
  let dead = false;
  const die = (): void => {
    if (dead) throw new Error('killed');
  };
  bucket.before = () => {
    die();
    if (++count === nth && moment === 'before') dead = true;
    die();
  };
  bucket.after = () => {
    if (count === nth && moment === 'after') dead = true;
    die();
  };
  return { killed: () => dead };
}
