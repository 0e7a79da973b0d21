import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { BoundedQueue } from '../../engine/bounded-queue.ts';

/** Tasks that wait to be worked on: whoever adds to them waits when there are more. */
const QUEUE_MAX = 10_000;
/** Larger objects have lanes of their own: while some of them take hours, small ones go on. */
const LARGE_BYTES = 16 * 1024 * 1024;
const LARGE_LANES = 8;
/** A large object does not wait for longer until small ones have told the link's rate. */
const MEASURED_MS_MAX = 4000;

export interface CopyQueuesOptions {
  /** Resolves when the link's rate is known, on which it depends how large objects are cut; asked only where a large one waits. Absent where nothing is sent. */
  measured?: () => Promise<unknown>;
  signal: AbortSignal;
}

type Work<Task> = (task: Task) => Promise<void>;

/** Objects that are to be worked on, small and large ones apart. */
export class CopyQueues<Task> {
  readonly #options: CopyQueuesOptions;
  readonly #small = new BoundedQueue<Task>(QUEUE_MAX);
  readonly #large = new BoundedQueue<Task>(QUEUE_MAX);
  #sendsSmall = false;

  constructor(options: CopyQueuesOptions) {
    this.#options = options;
  }

  /** Waits while the queue is full. `isCertain` says that the object will be sent, and not only asked about. */
  async put(task: Task, { sizeBytes, isCertain }: { sizeBytes: number; isCertain: boolean }): Promise<void> {
    const isLarge = sizeBytes > LARGE_BYTES;
    this.#sendsSmall ||= !isLarge && isCertain;
    await (isLarge ? this.#large : this.#small).put(task);
  }

  /** Says that there is nothing to come. */
  end(): void {
    this.#small.end();
    this.#large.end();
  }

  /** Drops what waits, and ends. */
  abandon(): void {
    this.#small.abandon();
    this.#large.abandon();
  }

  /** What is to be run side by side: each goes on until its queue has ended. */
  lanes(small: number, work: Work<Task>): (() => Promise<void>)[] {
    const first = Promise.withResolvers<void>();
    return [
      // How large objects are cut depends on the link's rate, which small ones tell, or else the first large one.
      () => this.#workFirst(work, first.resolve).finally(first.resolve),
      ...Array.from({ length: LARGE_LANES - 1 }, () => () => this.#workAfter(first.promise, work)),
      ...Array.from({ length: small }, () => () => drain(this.#small, work)),
    ];
  }

  /** Works on large objects, on the first of them when small ones have told the link's rate, where there are any. */
  async #workFirst(work: Work<Task>, isThrough: () => void): Promise<void> {
    const { measured } = this.#options;
    const first = await this.#large.take();
    if (first === undefined) return;
    // By then the rest of the page is queued.
    await immediate();
    if (this.#sendsSmall && measured !== undefined) await this.#atMost(MEASURED_MS_MAX, measured());
    await work(first);
    isThrough();
    await drain(this.#large, work);
  }

  /** Works on large objects when the link's rate is known, or the first of them is through. */
  async #workAfter(first: Promise<void>, work: Work<Task>): Promise<void> {
    const { measured } = this.#options;
    const task = await this.#large.take();
    if (task === undefined) return;
    if (measured !== undefined) await Promise.race([measured(), first]);
    await work(task);
    await drain(this.#large, work);
  }

  async #atMost(ms: number, settled: Promise<unknown>): Promise<void> {
    const isSettled = new AbortController();
    const longest = sleep(ms, undefined, { signal: AbortSignal.any([this.#options.signal, isSettled.signal]) });
    await Promise.race([settled, longest]);
    isSettled.abort();
  }
}

async function drain<Task>(queue: BoundedQueue<Task>, work: Work<Task>): Promise<void> {
  for (let task = await queue.take(); task !== undefined; task = await queue.take()) await work(task);
}
