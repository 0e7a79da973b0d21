/** A queue between a producer and several consumers. It holds at most so many: the producer waits for room, consumers wait for more. */
export class BoundedQueue<T> {
  readonly #max: number;
  #items: T[] = [];
  #head = 0;
  #ended = false;
  readonly #takers: (() => void)[] = [];
  readonly #putters: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when there was room. After the end nothing is taken in any more. */
  async put(item: T): Promise<void> {
    while (this.#length >= this.#max && !this.#ended) await new Promise<void>((resolve) => this.#putters.push(resolve));
    if (this.#ended) return;
    this.#items.push(item);
    this.#takers.shift()?.();
  }

  /** The next one; undefined when there will be no more. */
  async take(): Promise<T | undefined> {
    while (this.#length === 0 && !this.#ended) await new Promise<void>((resolve) => this.#takers.push(resolve));
    return this.takeNow();
  }

  /** The next one where there is one at this moment. */
  takeNow(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head++];
    // What was taken goes in one piece, not one by one.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#putters.shift()?.();
    return item;
  }

  /** No more comes: consumers get what is left, then undefined. */
  end(): void {
    this.#ended = true;
    for (const wake of [...this.#takers.splice(0), ...this.#putters.splice(0)]) wake();
  }

  /** As `end`, but what is left is dropped. */
  abandon(): void {
    this.#items = [];
    this.#head = 0;
    this.end();
  }

  get #length(): number {
    return this.#items.length - this.#head;
  }
}
