/** Bounds how many bytes are held at once; waiters are served in order. What is larger than the whole budget is let in alone. */
export class ByteBudget {
  readonly #total: number;
  #held = 0;
  readonly #waiting: { bytes: number; resolve: () => void }[] = [];

  constructor(totalBytes: number) {
    this.#total = totalBytes;
  }

  /** Resolves when there is room; to be given back by `release`. Throws the signal's reason where it is aborted by then. */
  async acquire(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(bytes)) this.#held += bytes;
    else await new Promise<void>((resolve) => this.#waiting.push({ bytes, resolve }));
    if (signal?.aborted !== true) return;
    this.release(bytes);
    signal.throwIfAborted();
  }

  release(bytes: number): void {
    this.#held -= bytes;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.resolve();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#total;
  }
}
