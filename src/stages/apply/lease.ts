import type { Clock } from '../../engine/pacer.ts';

/** For so long after it was asked whose the log is may whoever heard that it is his write to the table. What is under way then is cut off. */
export const LEASE_MS = 8000;

/** So long may what was cut off be on its way to the table. Before that nobody writes what is newer. */
export const ON_ITS_WAY_MS = 7000;

/** How often it is looked whether a lease has run out, or one that ran out has been renewed. */
const LOOK_MS = 200;

/** A time by both clocks. */
export interface Moment {
  steadyMs: number;
  wallMs: number;
}

/**
 * The time for which a process may write what it has read. One that reaches the table and not the staging cannot see that another one has taken its place, and would write what is older over
 * what is newer. (C. Gray and D. Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", 1989; the time is told by this machine's clocks alone.)
 * By two of them, of which the one that says that more has passed is believed: the steady one stands still while the machine sleeps or is moved to another host, and the other one may be put back.
 */
export class Lease {
  readonly #clock: Clock;
  readonly #wall: () => number;
  /** When it was asked whose the log is, of all that were answered the last time. */
  #asked: Moment = { steadyMs: -Infinity, wallMs: -Infinity };
  #cutOffMs = -Infinity;

  constructor(clock: Clock, wall: () => number = Date.now) {
    this.#clock = clock;
    this.#wall = wall;
  }

  now(): Moment {
    return { steadyMs: this.#clock.nowMs(), wallMs: this.#wall() };
  }

  /** To be called when it was answered that the log is ours, with when that was asked. */
  renew(asked: Moment): void {
    if (asked.steadyMs > this.#asked.steadyMs) this.#asked = asked;
  }

  /** Runs work within the lease. Where that ends meanwhile the work is cut off by its signal, and begun again when the lease is renewed: what was half done must be harmless to do again. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      while (this.#leftMs <= 0 || this.mayBeOnItsWay) await this.#clock.sleep(LOOK_MS, signal);
      const ended = new AbortController();
      const done = new AbortController();
      const watch = this.#untilEnd(done.signal).then(
        () => ended.abort(),
        () => undefined,
      );
      try {
        return await work(AbortSignal.any([signal, ended.signal]));
      } catch (error) {
        this.#cutOffMs = this.#clock.nowMs();
        if (!ended.signal.aborted || signal.aborted) throw error;
      } finally {
        done.abort();
        await watch;
      }
    }
  }

  /** Whether work has failed or was cut off so lately that something of it may still come to the table. */
  get mayBeOnItsWay(): boolean {
    return this.#clock.nowMs() - this.#cutOffMs < ON_ITS_WAY_MS;
  }

  get #leftMs(): number {
    const { steadyMs, wallMs } = this.now();
    return LEASE_MS - Math.max(steadyMs - this.#asked.steadyMs, wallMs - this.#asked.wallMs);
  }

  async #untilEnd(signal: AbortSignal): Promise<void> {
    for (let leftMs = this.#leftMs; leftMs > 0; leftMs = this.#leftMs)
      await this.#clock.sleep(Math.min(leftMs, LOOK_MS), signal);
  }
}
