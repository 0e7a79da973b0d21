const BLOCK_LENGTH_MAX = 1024;

/**
 * Keys in the order of their UTF-8 bytes, which is S3's. Held in blocks, so that adding and removing move a block and not the
 * whole list. No block is empty.
 */
export class SortedKeys {
  readonly #blocks: string[][] = [];

  add(key: string): void {
    if (this.#blocks.length === 0) {
      this.#blocks.push([key]);
      return;
    }
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    const i = lowerBound(block, key);
    if (block[i] === key) return;
    block.splice(i, 0, key);
    if (block.length > BLOCK_LENGTH_MAX) this.#blocks.splice(at + 1, 0, block.splice(BLOCK_LENGTH_MAX / 2));
  }

  delete(key: string): void {
    if (this.#blocks.length === 0) return;
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    const i = lowerBound(block, key);
    if (block[i] !== key) return;
    block.splice(i, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The first key that is not before `from`, or undefined. */
  atOrAfter(from: string): string | undefined {
    if (this.#blocks.length === 0) return undefined;
    const at = this.#blockOf(from);
    const block = this.#blocks[at];
    return block[lowerBound(block, from)] ?? this.#blocks[at + 1]?.[0];
  }

  /** The last block that begins at or before the key, else the first. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareUtf8(this.#blocks[middle][0], key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8(block[middle], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Order of the UTF-8 bytes. JavaScript's own order differs: it puts the surrogates of U+10000 and above before U+E000. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? rotate(x) - rotate(y) : x - y;
  }
  return a.length - b.length;
}

/** Surrogates behind U+E000 to U+FFFF. */
function rotate(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
