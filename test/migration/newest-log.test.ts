import { expect, it } from 'vitest';
import type { StageContext } from '../../src/engine/stage-context.ts';
import { whileNewest } from '../../src/migration/newest-log.ts';
import { changeLayout, writeChangeHeader } from '../../src/staging/change-log.ts';
import { FakeClock } from '../engine/fake-clock.ts';
import { MemoryBucket } from '../staging/memory-bucket.ts';

const log = { bucket: new MemoryBucket(), prefix: 'p/', captureId: '02-b' };

async function begin(captureId: string): Promise<void> {
  await writeChangeHeader(log.bucket, changeLayout('p/', captureId), {
    version: 1,
    migration: 'm',
    policyHash: 'h',
    policyEffectHash: 'e',
    source: 'arn',
    keySchema: { partition: { name: 'PK', type: 'S' } },
    startedMs: 1,
  });
}

function contextOf(clock: FakeClock, signal = new AbortController().signal): StageContext {
  return { migration: 'm', signal, onEvent: () => undefined, clock };
}

/** A stage that goes on until it is stopped. */
async function endless({ signal }: StageContext): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason as Error));
  signal.throwIfAborted();
  await promise;
}

it('ends a stage when a newer log was begun, and lets it be while there are older ones', async () => {
  const clock = new FakeClock();
  await begin('01-a');
  await begin('02-b');
  const running = whileNewest(contextOf(clock), log, endless);
  let ended = false;
  const watched = expect(running.finally(() => (ended = true))).rejects.toMatchObject({ code: 'CAPTURE_RESTARTED' });
  await clock.runUntil(200_000);
  expect(ended).toBe(false);
  await begin('03-c');
  await clock.runUntil(300_000);
  await watched;
});

it('ends with a stage that has done its work, or fails, or is interrupted', async () => {
  const clock = new FakeClock();
  await whileNewest(contextOf(clock), log, () => Promise.resolve());
  await expect(whileNewest(contextOf(clock), log, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const stop = new AbortController();
  const running = whileNewest(contextOf(clock, stop.signal), log, endless);
  stop.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});
