import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, endlessRetryPolicy, withRetry } from '../../src/aws/retry.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import type { ErrorCode } from '../../src/model/error-catalogue.ts';

const error = (code: ErrorCode): DynaferryError => new DynaferryError(code, code);
/** No waits, so that only the counting is left. */
const policy = { attemptsMax: 4, throttledAttemptsMax: 9, delayMsBase: 0, delayMsMax: 0 };

async function run(
  script: (attempt: number) => unknown,
): Promise<{ attempts: number; heard: string[]; outcome: unknown }> {
  let attempts = 0;
  const heard: string[] = [];
  const outcome = await withRetry(
    async () => {
      const result = script(++attempts);
      if (result instanceof Error) throw result;
      return result;
    },
    { policy, onRetry: ({ code }) => heard.push(code) },
  ).catch((caught: unknown) => caught);
  return { attempts, heard, outcome };
}

describe('withRetry', () => {
  it('gives the first success, having told of every failure before it', async () => {
    const { attempts, heard, outcome } = await run((attempt) => (attempt < 3 ? error('INTERRUPTED_NETWORK') : 'done'));
    expect([attempts, heard, outcome]).toEqual([3, ['INTERRUPTED_NETWORK', 'INTERRUPTED_NETWORK'], 'done']);
  });

  it.each<[ErrorCode, number]>([
    ['INTERRUPTED_NETWORK', 4],
    ['SERVICE_FAILED', 4],
    ['UNREACHABLE', 4],
    ['THROTTLED', 9],
    ['ACCESS_DENIED', 1],
    ['REQUEST_REFUSED', 1],
    ['DATA_DAMAGED', 1],
  ])('tries %s %i times, then throws the last error', async (code, times) => {
    const last = error(code);
    const { attempts, heard, outcome } = await run((attempt) => (attempt === times ? last : error(code)));
    expect([attempts, heard.length]).toEqual([times, times - 1]);
    expect(outcome).toBe(last);
  });

  it('counts anew after 16 KiB of progress, in one attempt or in several, and not after less', async () => {
    const attemptsWith = async (progress: number[]): Promise<number> => {
      let attempts = 0;
      let progressBytes = 0;
      const attempt = async (): Promise<never> => {
        progressBytes += progress[attempts++] ?? 0;
        throw error('INTERRUPTED_NETWORK');
      };
      await withRetry(attempt, { policy, progressBytes: () => progressBytes }).catch(() => undefined);
      return attempts;
    };
    expect(await attemptsWith([])).toBe(4);
    expect(await attemptsWith([16_383])).toBe(4);
    expect(await attemptsWith([0, 0, 16_384])).toBe(2 + 4);
    expect(await attemptsWith([8192, 4096, 4096])).toBe(2 + 4);
    expect(await attemptsWith([0, 0, 0, 20_000, 0, 0, 20_000])).toBe(6 + 4);
  });

  it.each<ErrorCode>(['UNREACHABLE', 'SERVICE_FAILED', 'THROTTLED'])(
    'goes on without end at %s where it is told to',
    async (code) => {
      let attempts = 0;
      const attempt = async (): Promise<string> => {
        if (++attempts < 500) throw error(code);
        return 'done';
      };
      const outcome = await withRetry(attempt, { policy: { ...endlessRetryPolicy, delayMsMax: 0 } });
      expect(outcome).toBe('done');
    },
  );

  it('throws what is no DynaferryError at once', async () => {
    expect((await run(() => new TypeError('x'))).attempts).toBe(1);
  });

  it('ends in its wait when it is aborted', async () => {
    const controller = new AbortController();
    const waiting = withRetry(() => Promise.reject(error('THROTTLED')), {
      policy: { attemptsMax: 2, delayMsBase: 3_600_000, delayMsMax: 3_600_000 },
      random: () => 1,
      signal: controller.signal,
      onRetry: () => setImmediate(() => controller.abort()),
    });
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

describe('backoffMs', () => {
  it('doubles up to its bound and never passes it, at any attempt and randomness', () => {
    const rule = fc.record({
      attemptsMax: fc.constant(1),
      delayMsBase: fc.integer({ min: 1, max: 1000 }),
      delayMsMax: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(
        rule,
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (given, attempt, random) => {
          const longest = Math.min(given.delayMsMax, given.delayMsBase * 2 ** (attempt - 1));
          const delay = backoffMs(attempt, given, () => random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(longest);
          expect(backoffMs(attempt, given, () => 0.5)).toBe(longest / 2);
        },
      ),
    );
  });
});
