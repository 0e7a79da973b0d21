import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LagReporter } from '../../src/engine/lag-reporter.ts';
import type { ProgressEvent } from '../../src/model/events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells what waits also while nothing gets through, and nothing while nothing changes', () => {
  const events: ProgressEvent[] = [];
  const context = {
    migration: 'm',
    signal: new AbortController().signal,
    onEvent: (event: ProgressEvent) => void events.push(event),
  };
  let waiting = 0;
  const reporter = new LagReporter(context, 'apply', () => waiting);
  vi.advanceTimersByTime(3000);
  expect(events).toEqual([]);
  waiting = 7;
  vi.advanceTimersByTime(3000);
  expect(events).toEqual([{ type: 'lag', migration: 'm', stage: 'apply', changes: 0, waiting: 7 }]);
  waiting = 0;
  reporter.through(Date.now() * 1000 - 500_000);
  reporter.close();
  expect(events[1]).toMatchObject({ changes: 1, waiting: 0, medianMs: expect.any(Number) as number });
});
