import type { Clock } from '../../engine/pacer.ts';

/**
 * For so long after it was asked whose the log is may whoever heard that it is his write to the table. What is under way then is cut off; what is on its way to the table by that time has
 * the rest of what a successor waits.
 */
export const LEASE_MS = 8000;

/** How often it is looked whether a lease that ran out has been renewed. */
const LOOK_MS = 200;

/**
 * The time for which a process may write what it has read. One that reaches the table and not the staging cannot see that another one has taken its place, and would write what is older over
 * what is newer. (C. Gray and D. Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", 1989; the time is told by this machine's steady clock alone.)
 */
export class Lease {
  readonly #clock: Clock;
  #endMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called when it was answered that the log is ours, with when that was asked, by the same clock. */
  renew(askedMs: number): void {
    this.#endMs = Math.max(this.#endMs, askedMs + LEASE_MS);
  }

  /** Runs work within the lease. Where that ends meanwhile the work is cut off by its signal, and begun again when the lease is renewed: what was half done must be harmless to do again. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      while (this.#leftMs <= 0) await this.#clock.sleep(LOOK_MS, signal);
      const ended = new AbortController();
      const done = new AbortController();
      const watch = this.#untilEnd(done.signal).then(
        () => ended.abort(),
        () => undefined,
      );
      try {
        return await work(AbortSignal.any([signal, ended.signal]));
      } catch (error) {
        if (!ended.signal.aborted || signal.aborted) throw error;
      } finally {
        done.abort();
        await watch;
      }
    }
  }

  get #leftMs(): number {
    return this.#endMs - this.#clock.nowMs();
  }

  async #untilEnd(signal: AbortSignal): Promise<void> {
    while (this.#leftMs > 0) await this.#clock.sleep(this.#leftMs, signal);
  }
}
