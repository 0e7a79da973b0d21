import type { DynaferryError } from '../model/errors.ts';
import { ConnectionControl, type ConnectionBounds } from './connection-control.ts';
import { RateMeter } from './rate-meter.ts';

/** Which way a body goes: in from the source, or out to the target. One of them is often a hundred times faster. */
export type Direction = 'in' | 'out';

/** A body that is a whole object, or one of the parts of a larger one. */
export type BodyKind = 'whole' | 'part';

const LOOK_MS = 1000;
/** More than the kernel takes in before it has sent anything. */
const EARLY_BYTES = 4 * 1024 * 1024;
/** Nothing waits for longer until the link is measured. */
const MEASURED_LOOKS_MAX = 3;
/** Bodies beyond the connections, so that none of these is ever without work. */
const BODIES_SPARE = 4;

/** Lets as many requests through at once as the link is worth; waiters are served in order. What moves and what fails is told to it. */
export class ConnectionGate {
  readonly #control: ConnectionControl;
  readonly #waiting: (() => void)[] = [];
  #bodies = 0;
  readonly #waitingBodies: Record<BodyKind, (() => void)[]> = { whole: [], part: [] };
  #admitted: BodyKind = 'whole';
  readonly #timer: NodeJS.Timeout;
  #used = 0;
  #lookedMs = performance.now();
  #looks = 0;
  #requests = 0;
  #throttles = 0;
  #failures = 0;
  readonly #meters: Record<Direction, RateMeter> = {
    in: new RateMeter(this.#lookedMs),
    out: new RateMeter(this.#lookedMs),
  };
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

  /** What one connection brings that way, in bytes a second; undefined as long as nothing is known of it. */
  bytesPerSecond(direction: Direction): number | undefined {
    return this.#meters[direction].bytesPerSecond;
  }

  /** What one connection has brought of late at its best, whatever it brings just now; undefined likewise. */
  peakBytesPerSecond(direction: Direction): number | undefined {
    return this.#meters[direction].peakBytesPerSecond;
  }

  /** Resolves when the rate of a connection on the way out is known, or has not been for some seconds. */
  readonly measured: Promise<void>;

  /**
   * Runs the work on one body, which is several requests one after the other or side by side, when there is room: no more bodies are held in memory than connections can
   * work on. Where objects and parts of larger ones wait, they take turns: neither waits until all of the others are through.
   */
  async withBody<T>(kind: BodyKind, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { whole, part } = this.#waitingBodies;
    if (this.#bodies >= this.#bodiesMax || whole.length + part.length > 0)
      await new Promise<void>((resolve) => this.#waitingBodies[kind].push(resolve));
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
  async run<T>(direction: Direction, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#used >= this.#control.limit || this.#waiting.length > 0)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#used++;
    const meter = this.#meters[direction];
    meter.began(performance.now());
    try {
      signal?.throwIfAborted();
      this.#requests++;
      return await work();
    } finally {
      meter.ended(performance.now());
      this.#measureEarly();
      this.#used--;
      this.#admit();
    }
  }

  /** Bytes of a body moved. */
  moved(direction: Direction, bytes: number): void {
    this.#meters[direction].moved(bytes);
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

  /** A fast link has shown what it is long before the first look. */
  #measureEarly(): void {
    const { in: into, out } = this.#meters;
    if (out.bytesPerSecond !== undefined || out.unseenBytes < EARLY_BYTES) return;
    const nowMs = performance.now();
    into.look(nowMs);
    out.look(nowMs);
    this.#markMeasured();
  }

  get #bodiesMax(): number {
    return this.#control.limit + BODIES_SPARE;
  }

  #admit(): void {
    while (this.#bodies < this.#bodiesMax) {
      const next = this.#nextBody();
      if (next === undefined) break;
      this.#bodies++;
      next();
    }
    while (this.#used < this.#control.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#used++;
      next();
    }
  }

  #nextBody(): (() => void) | undefined {
    const other = this.#admitted === 'whole' ? 'part' : 'whole';
    if (this.#waitingBodies[other].length > 0) this.#admitted = other;
    return this.#waitingBodies[this.#admitted].shift();
  }

  /** The way that is slower: what is read ahead on a fast way in says nothing of what gets through. */
  get #bottleneck(): Direction {
    const [into, out] = [this.bytesPerSecond('in'), this.bytesPerSecond('out')];
    return out !== undefined && (into === undefined || out < into) ? 'out' : 'in';
  }

  #look(): void {
    const nowMs = performance.now();
    const moved = { in: this.#meters.in.look(nowMs), out: this.#meters.out.look(nowMs) };
    const { whole, part } = this.#waitingBodies;
    this.#control.observe({
      seconds: (nowMs - this.#lookedMs) / 1000,
      bytes: moved[this.#bottleneck],
      wanted: this.#waiting.length + whole.length + part.length > 0,
      requests: this.#requests,
      throttles: this.#throttles,
      failures: this.#failures,
    });
    if (this.bytesPerSecond('out') !== undefined || ++this.#looks >= MEASURED_LOOKS_MAX) this.#markMeasured();
    this.#lookedMs = nowMs;
    this.#requests = this.#throttles = this.#failures = 0;
    this.#admit();
  }
}
