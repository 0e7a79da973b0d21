/** Smaller buffers cost nothing to make. */
const POOLED_BYTES_MIN = 256 * 1024;

export interface BudgetGrowth {
  /** Held at once in the beginning. */
  firstBytes: number;
  /** Twice as much may be held each time that somebody has waited for so long. */
  patienceMs: number;
}

/**
 * Over a fast link buffers come back at once: a few that are used again and again do as well as many, which cost up to a quarter more CPU (their pages are new to the kernel and to the caches), and
 * memory. Over a slow one all are needed, and these waits are nothing.
 */
const GROWTH: BudgetGrowth = { firstBytes: 128 * 1024 * 1024, patienceMs: 1000 };

interface Waiter {
  bytes: number;
  sinceMs: number;
  resolve: () => void;
}

/**
 * Bounds how many bytes are held at once, and uses large buffers again and again: new memory would cost more than what is done with it. Takes no more of the budget than those who wait have need
 * of. Waiters are served in order; what is larger than the whole budget is let in alone.
 */
export class BufferBudget {
  readonly #total: number;
  readonly #growth: BudgetGrowth;
  #limit: number;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;
  #spare = 0;
  readonly #free: Buffer[] = [];
  readonly #waiting: Waiter[] = [];

  constructor(totalBytes: number, growth: BudgetGrowth = GROWTH) {
    this.#total = totalBytes;
    this.#growth = growth;
    this.#limit = Math.min(totalBytes, growth.firstBytes);
  }

  /** A buffer of so many bytes, with anything in it, when there is room; to be given back by `give`. Throws the signal's reason where it is aborted by then. */
  async take(bytes: number, signal?: AbortSignal): Promise<Buffer> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) await this.#wait(bytes);
    else this.#held += capacityFor(bytes);
    if (signal?.aborted === true) {
      this.#release(capacityFor(bytes));
      signal.throwIfAborted();
    }
    return this.#bufferOf(bytes);
  }

  /** The buffer is not looked at any more by whoever took it. */
  give(buffer: Buffer): void {
    const { byteLength } = buffer.buffer;
    const capacity = capacityFor(buffer.length);
    if (capacity >= POOLED_BYTES_MIN && byteLength === capacity) {
      this.#free.push(buffer);
      this.#spare += capacity;
    }
    this.#release(capacity);
  }

  #wait(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, sinceMs: performance.now(), resolve });
      this.#growLater();
    });
  }

  #growLater(): void {
    const next = this.#waiting[0];
    if (next === undefined || this.#timer !== undefined || this.#limit >= this.#total) return;
    const leftMs = next.sinceMs + this.#growth.patienceMs - performance.now();
    this.#timer = setTimeout(() => this.#grow(), Math.max(1, leftMs)).unref();
  }

  #grow(): void {
    this.#timer = undefined;
    const next = this.#waiting[0];
    if (next !== undefined && performance.now() - next.sinceMs >= this.#growth.patienceMs) {
      this.#limit = Math.min(this.#total, this.#limit * 2);
      next.sinceMs = performance.now();
      this.#admit();
    }
    this.#growLater();
  }

  #release(capacity: number): void {
    this.#held -= capacity;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += capacityFor(next.bytes);
      next.resolve();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + capacityFor(bytes) <= this.#limit;
  }

  #bufferOf(bytes: number): Buffer {
    const capacity = capacityFor(bytes);
    if (capacity < POOLED_BYTES_MIN) return Buffer.allocUnsafe(bytes);
    // The one given back last is the likeliest to be in the caches still.
    const at = this.#free.findLastIndex((buffer) => buffer.buffer.byteLength === capacity);
    if (at >= 0) {
      const [{ buffer }] = this.#free.splice(at, 1);
      this.#spare -= capacity;
      return Buffer.from(buffer, 0, bytes);
    }
    // Buffers of other sizes make room: what is held and what is kept are within the budget together.
    while (this.#held + this.#spare > this.#total && this.#free.length > 0)
      this.#spare -= this.#free.shift()?.buffer.byteLength ?? 0;
    return Buffer.from(Buffer.allocUnsafeSlow(capacity).buffer, 0, bytes);
  }
}

/** Sizes are rounded up to quarters of a power of two, so that buffers fit again. */
function capacityFor(bytes: number): number {
  if (bytes < POOLED_BYTES_MIN) return bytes;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
