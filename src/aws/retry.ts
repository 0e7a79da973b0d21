import { setTimeout as sleep } from 'node:timers/promises';
import { DynaferryError } from '../model/errors.ts';

/** How often and how long to try again. */
export interface RetryPolicy {
  attemptsMax: number;
  /** Attempts where the service asks to slow down, which is no fault; as `attemptsMax` where absent. */
  throttledAttemptsMax?: number;
  /** Longest wait before the second attempt; doubles with every further one. */
  delayMsBase: number;
  delayMsMax: number;
}

/** Half a minute of waiting in all before it gives up on a fault, half an hour on throttling. */
export const defaultRetryPolicy: RetryPolicy = {
  attemptsMax: 14,
  throttledAttemptsMax: 360,
  delayMsBase: 50,
  delayMsMax: 10_000,
};

/** For an endpoint that has answered before: what is wrong is the link, which comes back. Some ten minutes of waiting. */
export const patientRetryPolicy: RetryPolicy = { ...defaultRetryPolicy, attemptsMax: 130 };

/** For work that goes on for months: however long the link or the service is away, it comes back. A load balancer that has nobody behind it says so with a 503, which is throttling in S3's words. */
export const endlessRetryPolicy: RetryPolicy = {
  ...defaultRetryPolicy,
  attemptsMax: Infinity,
  throttledAttemptsMax: Infinity,
};

/**
 * So much of progress makes the next failure the first one again: less than one packet's worth would be tried without end in short order, while a
 * link that gives a few hundred KB a connection gets a part of any size.
 */
const PROGRESS_BYTES_MIN = 16 * 1024;

/** Randomness comes in so that a seed can replay a failure; in [0, 1). */
export type Random = () => number;

/** A wait before attempt `attempt` (the first retry is 1), in milliseconds: exponential with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export function backoffMs(attempt: number, policy: RetryPolicy, random: Random): number {
  return random() * Math.min(policy.delayMsMax, policy.delayMsBase * 2 ** (attempt - 1));
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has been tried as often as allowed; then its last error is thrown.
 * `onRetry` hears of every failure that is tried again, before the wait. Attempts are counted anew after each PROGRESS_BYTES_MIN of progress.
 */
export async function withRetry<T>(
  attempt: () => Promise<T>,
  options: {
    policy?: RetryPolicy;
    random?: Random;
    signal?: AbortSignal;
    onRetry?: (error: DynaferryError) => void;
    /** What failed attempts have brought so far; never falls. */
    progressBytes?: () => number;
  } = {},
): Promise<T> {
  const policy = options.policy ?? defaultRetryPolicy;
  let countedBytes = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DynaferryError) || error.retry === 'no') throw error;
      const progressBytes = options.progressBytes?.() ?? 0;
      if (progressBytes - countedBytes >= PROGRESS_BYTES_MIN) {
        countedBytes = progressBytes;
        tries = 1;
      }
      const attemptsMax =
        error.retry === 'throttle' ? (policy.throttledAttemptsMax ?? policy.attemptsMax) : policy.attemptsMax;
      if (tries >= attemptsMax) throw error;
      options.onRetry?.(error);
      await sleep(backoffMs(tries, policy, options.random ?? Math.random), undefined, { signal: options.signal });
    }
  }
}
