import { DynaferryError } from '../model/errors.ts';

/** The slowest that a body may move: so many bytes, or all that is left of it, within so long, again and again. */
export interface Pace {
  minBytes: number;
  withinMs: number;
}

/**
 * Measured on a link of 200 ms that loses 15 % of the packets each way (cubic), where a healthy connection makes 4 to 13 KB/s, over an hour of
 * connection time in each direction. Received: 4 KiB take 0.4 s in the middle, more than 4 s once in 48 s, and of what takes more than 4 s a third takes
 * more than 8 s, up to 80 s. Sent: 16 KiB take 1 s in the middle, more than 10 s once in 160 s, more than 30 s once in 9 minutes, up to 94 s: TCP doubles its
 * waits with each packet that is lost again.
 *
 * So whoever receives, and can go on where it broke off, is better off with another connection (some 2 s) after 4 KiB in 5 s, a quarter of the longest silence
 * that is usual. Whoever sends loses what has gone out: that silence is waited at least, and beyond it as long as the body has been moving.
 */
export const PACE_BYTES = 4096;
export const RECEIVE_SHARE_OF_IDLE = 1 / 4;

/** Nothing is waited for longer than 6 times `withinMs`: TCP itself does not wait longer than 120 s between two tries. */
const PATIENCE_MAX = 6;

/** A pace that asks for more than this ends healthy connections; one that waits longer ends none. */
const MIN_BYTES_MAX = 1024 * 1024;
const WITHIN_MS_MAX = 600_000;

/** Throws INTERNAL where the pace is none that a body could be held to. */
export function checkedPace(option: string, pace: Pace): Pace {
  const isIn = (value: number, max: number): boolean => value >= 1 && value <= max;
  if (isIn(pace.minBytes, MIN_BYTES_MAX) && isIn(pace.withinMs, WITHIN_MS_MAX)) return pace;
  throw new DynaferryError(
    'INTERNAL',
    `${option} is ${pace.minBytes} bytes within ${pace.withinMs} ms: expected 1 to ${MIN_BYTES_MAX} bytes within 1 to ${WITHIN_MS_MAX} ms`,
  );
}

/** How long a body may pause that has been moving for `movingMs` and is lost when it breaks off. */
export function patienceMs(pace: Pace, movingMs: number): number {
  return Math.min(Math.max(movingMs, pace.withinMs), pace.withinMs * PATIENCE_MAX);
}

/** Knows until when a body has to have moved. */
export class PaceWatch {
  /** By performance.now(); infinite while no body moves. */
  deadlineMs = Infinity;
  #pace: Pace | undefined;
  #isLost = false;
  #beganMs = 0;
  #moved = 0;

  /** `isLost`: whether all that has moved is in vain when the body breaks off. */
  begin(pace: Pace, isLost: boolean): void {
    this.#pace = pace;
    this.#isLost = isLost;
    this.#beganMs = performance.now();
    this.#moved = 0;
    this.deadlineMs = this.#beganMs + pace.withinMs;
  }

  moved(bytes: number): void {
    this.#moved += bytes;
    if (this.#pace === undefined || this.#moved < this.#pace.minBytes) return;
    const nowMs = performance.now();
    this.#moved = 0;
    this.deadlineMs = nowMs + (this.#isLost ? patienceMs(this.#pace, nowMs - this.#beganMs) : this.#pace.withinMs);
  }

  /** No body moves any more; returns how long this one did. */
  end(): number {
    const movingMs = this.#pace === undefined ? 0 : performance.now() - this.#beganMs;
    this.#pace = undefined;
    this.deadlineMs = Infinity;
    return movingMs;
  }
}
