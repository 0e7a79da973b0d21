import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StageMeter } from '../../src/engine/stage-context.ts';
import type { ProgressEvent } from '../../src/model/events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells of everything within a quarter of a second, whether or not more comes after it, and of nothing after its end', () => {
  const items: (number | string)[] = [];
  const meter = new StageMeter(
    {
      migration: 'm',
      signal: new AbortController().signal,
      onEvent: (event: ProgressEvent) =>
        void items.push(event.type === 'progress' ? event.items : event.type === 'stage' ? event.state : event.type),
    },
    'apply',
  );
  meter.started(false);
  meter.add({ items: 1 });
  meter.add({ items: 1 });
  vi.advanceTimersByTime(250);
  expect(items).toEqual(['started', 0, 2]);
  vi.advanceTimersByTime(1000);
  meter.add({ items: 1 });
  meter.add({ items: 1 });
  meter.finished();
  meter.add({ items: 1 });
  vi.advanceTimersByTime(200);
  expect(items).toEqual(['started', 0, 2, 3, 4, 'finished']);
});
