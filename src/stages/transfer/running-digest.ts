import { createHash, type Hash } from 'node:crypto';

/** The MD5 of an object's parts in their order, whatever the order in which they come. */
export class RunningDigest {
  readonly #hash: Hash = createHash('md5');
  #next = 0;
  readonly #turns = new Map<number, () => void>();
  #failed = false;

  /** Takes a part in; resolves when all before it and it are in. The part must stay as it is until then. */
  async add(index: number, body: Buffer): Promise<void> {
    if (index !== this.#next && !this.#failed) await new Promise<void>((resolve) => this.#turns.set(index, resolve));
    if (this.#failed) return;
    this.#hash.update(body);
    this.#next = index + 1;
    const turn = this.#turns.get(this.#next);
    this.#turns.delete(this.#next);
    turn?.();
  }

  /** A part will never come: nobody waits any more. */
  fail(): void {
    this.#failed = true;
    for (const turn of this.#turns.values()) turn();
    this.#turns.clear();
  }

  /** Lower-case hex of all parts, to be asked for once. */
  hex(): string {
    return this.#hash.digest('hex');
  }
}
