/**
 * A small generator of random numbers (sfc32, PractRand's): the same seed gives the same numbers on every machine. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Any safe integer. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `limit` - 1, for limits far below 2^32. */
  below(limit: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  /** That many decimal digits, leading zeros among them. */
  digits(count: number): string {
    let digits = '';
    while (digits.length < count) digits += String(this.below(1e9)).padStart(9, '0');
    return digits.slice(0, count);
  }

  /** That many random bytes. */
  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count + 4);
    for (let i = 0; i < count; i += 4) bytes.writeUInt32LE(this.uint32(), i);
    return bytes.subarray(0, count);
  }

  /** A version 4 UUID. */
  uuid(): string {
    const [a, b, c, d] = [hex(this.uint32()), hex(this.uint32()), hex(this.uint32()), hex(this.uint32())];
    const variant = '89ab'[this.below(4)];
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
