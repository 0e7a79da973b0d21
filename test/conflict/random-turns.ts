import type { Random } from '../world/random.ts';

/** Lets everything that waits for its turn go on one at a time, in an order of the generator's choice: the same seed gives the same order. */
export class RandomTurns {
  readonly #random: Random;
  #waiting: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** Runs actors side by side to their end. */
  async run(actors: readonly (() => Promise<void>)[]): Promise<void> {
    const running = new Set(actors);
    const all = Promise.all(
      actors.map(async (actor) => {
        try {
          await this.turn();
          await actor();
        } finally {
          running.delete(actor);
        }
      }),
    );
    while (running.size > 0) {
      // Until everything that can go on without a turn has come to its next one.
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.#waiting.splice(this.#random.integer(0, this.#waiting.length - 1), 1);
      next?.();
    }
    await all;
  }
}
