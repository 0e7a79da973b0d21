import { createCipheriv, type Cipher } from 'node:crypto';

const BLOCK = 16;
const ROUNDS = 10;

/** A text as numerals: the i-th counts from 0 up to `radices[i]`. */
export interface Numerals {
  values: readonly number[];
  radices: readonly number[];
}

/**
 * FF1 of NIST SP 800-38G: a keyed permutation of all strings of one form, by ten Feistel rounds over AES.
 *
 * Where all radices are the same this is FF1 to the letter, and agrees with NIST's sample vectors. FF1 has one radix for the whole string;
 * here each position may have its own, by taking the product of a half's radices where FF1 takes a power of the one radix. The Feistel
 * argument needs no more than that, but mixed radices are this program's construction and not NIST's: 0 stands for the radix in the
 * first block then, which no FF1 has, and callers give a tweak that names the form.
 */
export class Ff1 {
  readonly #aes: Cipher;

  /** An AES key of 16, 24 or 32 bytes. */
  constructor(key: Buffer) {
    // ECB on single blocks is the bare cipher; one object serves all calls because no state passes from block to block.
    this.#aes = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  }

  encrypt(text: Numerals, tweak: Buffer): number[] {
    const halves = new Halves(text, tweak);
    let [a, b] = halves.split(text.values);
    for (let round = 0; round < ROUNDS; round++) {
      const modulus = halves.modulusOf(round);
      [a, b] = [b, (a + this.#roundValue(halves, round, b)) % modulus];
    }
    return halves.join(a, b);
  }

  decrypt(text: Numerals, tweak: Buffer): number[] {
    const halves = new Halves(text, tweak);
    let [a, b] = halves.split(text.values);
    for (let round = ROUNDS - 1; round >= 0; round--) {
      const modulus = halves.modulusOf(round);
      const difference = (b - this.#roundValue(halves, round, a)) % modulus;
      [a, b] = [difference < 0n ? difference + modulus : difference, a];
    }
    return halves.join(a, b);
  }

  /** Step 6 i to iv: the round's pseudo-random number, from the half that stays. */
  #roundValue(halves: Halves, round: number, half: bigint): bigint {
    const input = halves.roundInput(round, half);
    let block: Buffer = Buffer.alloc(BLOCK);
    for (let at = 0; at < input.length; at += BLOCK) {
      for (let i = 0; i < BLOCK; i++) block[i] ^= input[at + i];
      block = this.#aes.update(block);
    }
    const blocks = [block];
    for (let j = 1; j * BLOCK < halves.outputBytes; j++) {
      const counter = Buffer.from(block);
      counter.writeUInt32BE((counter.readUInt32BE(12) ^ j) >>> 0, 12);
      blocks.push(this.#aes.update(counter));
    }
    return toBigInt(Buffer.concat(blocks).subarray(0, halves.outputBytes));
  }
}

/** What of a call does not change from round to round. Letters in comments are NIST's. */
class Halves {
  readonly #radices: readonly number[];
  /** u: the length of the first half. */
  readonly #u: number;
  readonly #moduli: readonly [bigint, bigint];
  /** b: bytes that the larger half fits into. */
  readonly #halfBytes: number;
  /** P and the constant beginning of Q. */
  readonly #prefix: Buffer;
  /** d: bytes taken of each round's output. */
  readonly outputBytes: number;

  constructor({ values, radices }: Numerals, tweak: Buffer) {
    const n = values.length;
    if (n < 2 || radices.length !== n) throw new RangeError('FF1 takes two or more numerals, each with its radix');
    this.#radices = radices;
    this.#u = n >> 1;
    this.#moduli = [product(radices.slice(0, this.#u)), product(radices.slice(this.#u))];
    const larger = this.#moduli[0] > this.#moduli[1] ? this.#moduli[0] : this.#moduli[1];
    this.#halfBytes = Math.ceil((larger - 1n).toString(2).length / 8);
    this.outputBytes = 4 * Math.ceil(this.#halfBytes / 4) + 4;
    const radix = radices.every((other) => other === radices[0]) ? radices[0] : 0;
    const padding = (BLOCK - ((tweak.length + this.#halfBytes + 1) % BLOCK)) % BLOCK;
    const p = Buffer.from([1, 2, 1, 0, 0, 0, ROUNDS, this.#u & 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    p.writeUIntBE(radix, 3, 3);
    p.writeUInt32BE(n, 8);
    p.writeUInt32BE(tweak.length, 12);
    this.#prefix = Buffer.concat([p, tweak, Buffer.alloc(padding)]);
  }

  modulusOf(round: number): bigint {
    return this.#moduli[round & 1];
  }

  /** P || Q of the round. */
  roundInput(round: number, half: bigint): Buffer {
    const number = half.toString(16).padStart(this.#halfBytes * 2, '0');
    return Buffer.concat([this.#prefix, Buffer.from([round]), Buffer.from(number, 'hex')]);
  }

  split(values: readonly number[]): [bigint, bigint] {
    return [this.#number(values, 0, this.#u), this.#number(values, this.#u, values.length)];
  }

  join(a: bigint, b: bigint): number[] {
    const values = Array.from<number>({ length: this.#radices.length });
    this.#numerals(a, values, 0, this.#u);
    this.#numerals(b, values, this.#u, values.length);
    return values;
  }

  #number(values: readonly number[], start: number, end: number): bigint {
    let number = 0n;
    for (let i = start; i < end; i++) number = number * BigInt(this.#radices[i]) + BigInt(values[i]);
    return number;
  }

  #numerals(number: bigint, into: number[], start: number, end: number): void {
    let rest = number;
    for (let i = end - 1; i >= start; i--) {
      const radix = BigInt(this.#radices[i]);
      into[i] = Number(rest % radix);
      rest /= radix;
    }
  }
}

function product(radices: readonly number[]): bigint {
  return radices.reduce((sofar, radix) => sofar * BigInt(radix), 1n);
}

function toBigInt(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
