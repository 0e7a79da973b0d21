import { setTimeout as sleep } from 'node:timers/promises';

/** Time comes in so that tests need not wait. */
export interface Clock {
  nowMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** After a throttle the rate falls to this share of what was really used… */
const SLOW_DOWN = 0.7;
/** …at most once in this time, since one hot second brings many throttles… */
const SLOW_DOWN_MS_MIN = 1000;
/** …and grows by this share a second until the cap, or until throttled again. */
const RECOVERY_PER_SECOND = 0.05;
const RECENT_MS = 3000;
const RECENT_SLOT_MS = 100;
/** A mean over less than this would be chance. */
const RECENT_MS_MIN = 250;

/**
 * A token bucket for capacity units or bytes, shared by all workers that spend them. Callers reserve what they expect to spend and settle what it
 * really was, so that many requests at once cannot overdraw it by more than their error of estimate. The burst is one second of the rate.
 *
 * A service that throttles is answered by slowing down: the rate falls below what was used lately and recovers slowly (additive increase,
 * multiplicative decrease).
 */
export class Pacer {
  #cap: number;
  readonly #clock: Clock;
  #rate: number;
  #balance: number;
  #updatedMs: number;
  readonly #startedMs: number;
  #slowedMs = -Infinity;
  #recent: { ms: number; units: number }[] = [];
  #queue: Promise<void> = Promise.resolve();
  /** Callers in the queue: one who comes to an empty one need not stand in it, nor have a promise made for each step. */
  #waiting = 0;

  /** `unitsPerSecond` is the cap; Infinity for none. */
  constructor(unitsPerSecond: number, clock: Clock = systemClock) {
    if (!(unitsPerSecond > 0)) throw new RangeError('a rate must be above 0');
    this.#cap = unitsPerSecond;
    this.#rate = unitsPerSecond;
    this.#balance = Number.isFinite(unitsPerSecond) ? unitsPerSecond : 0;
    this.#clock = clock;
    this.#startedMs = this.#updatedMs = clock.nowMs();
  }

  /** Units per second that are allowed now; Infinity where there is neither a cap nor a throttle. */
  get unitsPerSecond(): number {
    return this.#rate;
  }

  /** Another cap from now on; Infinity for none. */
  capAt(unitsPerSecond: number): void {
    if (unitsPerSecond === this.#cap) return;
    if (!(unitsPerSecond > 0)) throw new RangeError('a rate must be above 0');
    this.#refill();
    // What was spent while nothing was limited is no debt.
    if (this.#rate === Infinity) this.#balance = 0;
    this.#cap = this.#rate = unitsPerSecond;
  }

  /** Waits, in order of the calls, until the bucket is not overdrawn; then takes `units` from it, which may overdraw it. */
  async acquire(units: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting === 0 && this.#hasRoom()) {
      this.#balance -= units;
      return;
    }
    this.#waiting++;
    const turn = this.#queue.then(async () => {
      await this.#wait(signal);
      this.#balance -= units;
    });
    // The next one in line waits for this turn, whether it succeeds or is aborted.
    this.#queue = turn
      .catch(() => undefined)
      .then(() => {
        this.#waiting--;
      });
    await (signal === undefined ? turn : abortable(turn, signal));
  }

  /** Corrects a reservation by what was really spent. */
  settle(reserved: number, spent: number): void {
    this.#balance += reserved - spent;
    const nowMs = this.#clock.nowMs();
    const last = this.#recent.at(-1);
    // Thousands of requests a second are not worth an entry each.
    if (last !== undefined && nowMs - last.ms < RECENT_SLOT_MS) last.units += spent;
    else this.#recent.push({ ms: nowMs, units: spent });
    while (this.#recent.length > 0 && this.#recent[0].ms < nowMs - RECENT_MS) this.#recent.shift();
  }

  /** The service asked to slow down. */
  throttled(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#slowedMs < SLOW_DOWN_MS_MIN) return;
    this.#refill();
    const used = this.#usedLately(nowMs);
    // Nothing is known yet of what was too much: the requests' own back-off must do.
    if (used === 0 && this.#rate === Infinity) return;
    this.#slowedMs = nowMs;
    // What was spent while nothing was limited is no debt.
    if (this.#rate === Infinity) this.#balance = 0;
    this.#rate = Math.min(this.#cap, Math.max(1, (used === 0 ? this.#rate : Math.min(this.#rate, used)) * SLOW_DOWN));
    this.#balance = Math.min(this.#balance, 0);
  }

  /** Units per second that were really spent of late. */
  #usedLately(nowMs: number): number {
    const spanMs = Math.min(RECENT_MS, nowMs - this.#startedMs);
    const units = this.#recent.reduce((sum, entry) => sum + (entry.ms < nowMs - RECENT_MS ? 0 : entry.units), 0);
    return (units / Math.max(spanMs, RECENT_MS_MIN)) * 1000;
  }

  async #wait(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#hasRoom()) return;
      // Long sleeps are cut so that a recovering rate takes effect.
      await this.#clock.sleep(Math.min(1000, Math.max(1, ((1 - this.#balance) / this.#rate) * 1000)), signal);
    }
  }

  #hasRoom(): boolean {
    this.#refill();
    return this.#rate === Infinity || this.#balance > 0;
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const seconds = (nowMs - this.#updatedMs) / 1000;
    this.#updatedMs = nowMs;
    if (this.#rate === Infinity) return;
    this.#balance = Math.min(this.#rate, this.#balance + seconds * this.#rate);
    if (this.#rate < this.#cap) {
      this.#rate = Math.min(this.#cap, this.#rate * (1 + RECOVERY_PER_SECOND * seconds) + seconds);
      // Without a cap there is nothing to recover to: lift the limit a minute after the last throttle.
      if (this.#cap === Infinity && nowMs - this.#slowedMs > 60_000) {
        this.#rate = Infinity;
        this.#balance = 0;
      }
    }
  }
}

/** The promise's outcome, or the signal's reason as soon as it is aborted. */
async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
