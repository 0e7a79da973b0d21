import { systemClock } from '../engine/pacer.ts';
import { runPool } from '../engine/pool.ts';
import type { StageContext } from '../engine/stage-context.ts';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { findCapture } from '../staging/change-log.ts';

/** How often it is looked whether a newer change log was begun. */
const LOOK_MS = 30_000;

/** A change log that a stage follows, in one site's staging. */
export interface FollowedLog {
  bucket: S3Bucket;
  /** The migration's prefix in the bucket. */
  prefix: string;
  captureId: string;
}

/**
 * Runs a stage that follows a change log, with a signal of its own, for as long as that is the newest. Throws CAPTURE_RESTARTED where it is not any more: nobody adds
 * to the old one, and the stage would wait without end.
 */
export async function whileNewest(
  context: StageContext,
  log: FollowedLog,
  stage: (context: StageContext) => Promise<void>,
): Promise<void> {
  const scope = new AbortController();
  const done = new AbortController();
  const signal = AbortSignal.any([context.signal, scope.signal]);
  const work = async (): Promise<void> => {
    await stage({ ...context, signal });
    done.abort();
  };
  const watch = (): Promise<void> => watchLog(context, log, AbortSignal.any([signal, done.signal]));
  await runPool([work, watch], 2, (one) => one(), scope);
}

/** Resolves when the signal ends it. */
async function watchLog(
  context: StageContext,
  { bucket, prefix, captureId }: FollowedLog,
  signal: AbortSignal,
): Promise<void> {
  const clock = context.clock ?? systemClock;
  try {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      const newest = await findCapture(bucket, prefix, signal);
      if (newest === undefined || newest <= captureId) continue;
      throw new DynaferryError(
        'CAPTURE_RESTARTED',
        `${bucket.site.role}: the change log ${captureId} is followed by ${newest}: the capture was begun anew`,
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
