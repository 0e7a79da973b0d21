/** What was seen of the connections since the last look. */
export interface ConnectionWindow {
  seconds: number;
  /** Bytes that moved, in either direction. */
  bytes: number;
  /** Whether work was waiting for a connection: without that, more of them would change nothing. */
  wanted: boolean;
  requests: number;
  /** Requests that the service asked to slow down for. */
  throttles: number;
  /** Requests that broke, stalled or were refused. */
  failures: number;
}

export interface ConnectionBounds {
  min: number;
  max: number;
}

/** Where it begins, as the AWS CLI's ten, give or take. */
const START = 16;
/** Goodput on a link that loses packets swings from second to second; a level is judged by so many windows… */
const TRIAL_WINDOWS = 3;
/** …of which the first, in which new connections are still slow (TCP's slow start), does not count. */
const SKIPPED_WINDOWS = 1;
/** More connections stay where they bring this share of what as many times the goodput would be. */
const WORTHWHILE = 0.3;
/** After a trial that brought nothing the next one waits for so many windows; each time twice as long. */
const HOLD_WINDOWS = 5;
const HOLD_WINDOWS_MAX = 60;
const DECREASE = 0.7;
/** Connections break on a bad link, and more of them is the answer; where so many do, the other side cannot take them. */
const FAILURE_SHARE = 0.25;
const FAILURES_MIN = 3;

/**
 * Finds the number of connections by itself: additive increase, multiplicative decrease on goodput and errors. Over a link that loses packets throughput is
 * a matter of connections, since each is slowed down by its own losses (Mathis et al., "The Macroscopic Behavior of the TCP Congestion Avoidance
 * Algorithm", 1997); over a clean one a few saturate it, and more only cost. So each increase is a trial, which is taken back where it brought nothing. Until the
 * first such trial the number doubles. Pure: what is seen comes in, the number comes out.
 */
export class ConnectionControl {
  readonly #bounds: ConnectionBounds;
  #limit: number;
  #doubling = true;
  #windows = 0;
  #bytes = 0;
  #seconds = 0;
  #hold = 0;
  #nextHold = HOLD_WINDOWS;
  /** The level before the trial under way, and its goodput in bytes a second. */
  #before: { limit: number; goodput: number } | undefined;

  constructor(bounds: ConnectionBounds) {
    this.#bounds = bounds;
    this.#limit = this.#within(START);
  }

  /** Connections that may be used now. */
  get limit(): number {
    return this.#limit;
  }

  /** Takes one window into account, a second or so. */
  observe(window: ConnectionWindow): void {
    if (isTrouble(window)) {
      this.#change(this.#within(Math.floor(this.#limit * DECREASE)));
      this.#before = undefined;
      this.#doubling = false;
      this.#hold = HOLD_WINDOWS;
      return;
    }
    if (!window.wanted) return;
    if (this.#hold > 0) {
      this.#hold--;
      return;
    }
    this.#windows++;
    if (this.#windows <= SKIPPED_WINDOWS) return;
    this.#bytes += window.bytes;
    this.#seconds += window.seconds;
    if (this.#windows >= TRIAL_WINDOWS) this.#judge(this.#bytes / this.#seconds);
  }

  #judge(goodput: number): void {
    const before = this.#before;
    if (before !== undefined && goodput < before.goodput * (1 + WORTHWHILE * (this.#limit / before.limit - 1))) {
      this.#doubling = false;
      this.#before = undefined;
      this.#hold = this.#nextHold;
      this.#nextHold = Math.min(HOLD_WINDOWS_MAX, this.#nextHold * 2);
      this.#change(before.limit);
      return;
    }
    if (before !== undefined) this.#nextHold = HOLD_WINDOWS;
    this.#before = { limit: this.#limit, goodput };
    this.#change(this.#within(this.#doubling ? this.#limit * 2 : this.#limit + Math.max(2, this.#limit >> 3)));
    if (this.#limit === this.#before.limit) this.#before = undefined;
  }

  #change(limit: number): void {
    this.#limit = limit;
    this.#windows = 0;
    this.#bytes = 0;
    this.#seconds = 0;
  }

  #within(limit: number): number {
    return Math.min(this.#bounds.max, Math.max(this.#bounds.min, limit));
  }
}

function isTrouble({ requests, throttles, failures }: ConnectionWindow): boolean {
  return throttles > 0 || (failures >= FAILURES_MIN && failures > requests * FAILURE_SHARE);
}
