import type { Clock } from '../../src/engine/pacer.ts';

interface Sleeper {
  wakeMs: number;
  wake: () => void;
}

/** A clock that only moves when told; sleepers wake in the order of their times. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleepers: Sleeper[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { wakeMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }

  /** Moves to a time, waking sleepers on the way; all that they do then is done before the next one wakes. */
  async runUntil(ms: number): Promise<void> {
    for (;;) {
      await settled();
      this.#sleepers.sort((a, b) => a.wakeMs - b.wakeMs);
      if (this.#sleepers.length === 0 || this.#sleepers[0].wakeMs > ms) break;
      const next = this.#sleepers.shift() as Sleeper;
      this.#nowMs = Math.max(this.#nowMs, next.wakeMs);
      next.wake();
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
  }
}

/** All promises that can go on without time have gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
