import type { DynaferryError } from '../model/errors.ts';
import { ConnectionControl, type ConnectionBounds } from './connection-control.ts';

const LOOK_MS = 1000;
/** Bodies beyond the connections, so that none of these is ever without work. */
const BODIES_SPARE = 4;
/** Of the rate of one connection the last seconds count most. */
const RATE_WEIGHT = 0.3;

/** Lets as many requests through at once as the link is worth; waiters are served in order. What moves and what fails is told to it. */
export class ConnectionGate {
  readonly #control: ConnectionControl;
  readonly #waiting: (() => void)[] = [];
  #bodies = 0;
  readonly #waitingBodies: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #used = 0;
  #lookedMs = performance.now();
  #bytes = 0;
  #requests = 0;
  #throttles = 0;
  #failures = 0;
  /** Milliseconds that requests were under way, added up over all. */
  #busyMs = 0;
  #busySinceMs = performance.now();
  #rate: number | undefined;
  readonly #markMeasured: () => void;

  constructor(bounds: ConnectionBounds) {
    this.#control = new ConnectionControl(bounds);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.measured = promise;
    this.#markMeasured = resolve;
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Requests under way. */
  get used(): number {
    return this.#used;
  }

  /** What one connection brings, in bytes a second; undefined as long as nothing is known of it. */
  get bytesPerSecond(): number | undefined {
    return this.#rate;
  }

  /** Resolves when something is known of the rate of a connection, or will never be. */
  readonly measured: Promise<void>;

  /**
   * Runs the work on one body, which is several requests one after the other or side by side, when there is room: no more bodies are held in memory than connections can
   * work on.
   */
  async withBody<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#bodies >= this.#bodiesMax || this.#waitingBodies.length > 0)
      await new Promise<void>((resolve) => this.#waitingBodies.push(resolve));
    else this.#bodies++;
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      this.#bodies--;
      this.#admit();
    }
  }

  /** Runs one request when there is room. Throws the signal's reason where it is aborted by then. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#used >= this.#control.limit || this.#waiting.length > 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#enter();
    try {
      signal?.throwIfAborted();
      this.#requests++;
      return await work();
    } finally {
      this.#count();
      this.#used--;
      this.#admit();
    }
  }

  /** Bytes of a body moved. */
  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A request failed and is tried again. */
  failed(error: DynaferryError): void {
    if (error.retry === 'throttle') this.#throttles++;
    else this.#failures++;
  }

  close(): void {
    this.#markMeasured();
    clearInterval(this.#timer);
  }

  #enter(): void {
    this.#count();
    this.#used++;
  }

  get #bodiesMax(): number {
    return this.#control.limit + BODIES_SPARE;
  }

  #admit(): void {
    while (this.#bodies < this.#bodiesMax && this.#waitingBodies.length > 0) {
      this.#bodies++;
      this.#waitingBodies.shift()?.();
    }
    while (this.#used < this.#control.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#enter();
      next();
    }
  }

  #count(): void {
    const nowMs = performance.now();
    this.#busyMs += this.#used * (nowMs - this.#busySinceMs);
    this.#busySinceMs = nowMs;
  }

  #look(): void {
    this.#count();
    const nowMs = performance.now();
    this.#control.observe({
      seconds: (nowMs - this.#lookedMs) / 1000,
      bytes: this.#bytes,
      wanted: this.#waiting.length > 0 || this.#waitingBodies.length > 0,
      requests: this.#requests,
      throttles: this.#throttles,
      failures: this.#failures,
    });
    if (this.#busyMs > 0 && this.#bytes > 0) {
      const rate = (1000 * this.#bytes) / this.#busyMs;
      this.#rate = this.#rate === undefined ? rate : this.#rate + RATE_WEIGHT * (rate - this.#rate);
      this.#markMeasured();
    }
    this.#lookedMs = nowMs;
    this.#bytes = this.#requests = this.#throttles = this.#failures = 0;
    this.#busyMs = 0;
    this.#admit();
  }
}
