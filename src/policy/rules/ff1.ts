import { createCipheriv, type Cipher, type KeyObject } from 'node:crypto';

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
  readonly #block = Buffer.alloc(BLOCK);

  /** An AES key of 16, 24 or 32 bytes. */
  constructor(key: KeyObject) {
    // ECB on single blocks is the bare cipher; one object serves all calls because no state passes from block to block.
    this.#aes = createCipheriv(`aes-${(key.symmetricKeySize ?? 0) * 8}-ecb`, key, null).setAutoPadding(false);
  }

  encrypt(text: Numerals, tweak: Buffer): number[] {
    const halves = new Halves(text, tweak);
    const start = this.#aes.update(halves.firstBlock);
    let [a, b] = halves.split(text.values);
    for (let round = 0; round < ROUNDS; round++) {
      const modulus = halves.modulusOf(round);
      [a, b] = [b, (a + this.#roundValue(halves, start, round, b)) % modulus];
    }
    return halves.join(a, b);
  }

  decrypt(text: Numerals, tweak: Buffer): number[] {
    const halves = new Halves(text, tweak);
    const start = this.#aes.update(halves.firstBlock);
    let [a, b] = halves.split(text.values);
    for (let round = ROUNDS - 1; round >= 0; round--) {
      const modulus = halves.modulusOf(round);
      const difference = (b - this.#roundValue(halves, start, round, a)) % modulus;
      [a, b] = [difference < 0n ? difference + modulus : difference, a];
    }
    return halves.join(a, b);
  }

  /** Step 6 i to iv: the round's pseudo-random number, from the half that stays. `start` is the state behind the first block, the same in all rounds. */
  #roundValue(halves: Halves, start: Buffer, round: number, half: bigint): bigint {
    const input = halves.roundInput(round, half);
    let state = start;
    for (let at = 0; at < input.length; at += BLOCK) {
      for (let i = 0; i < BLOCK; i++) this.#block[i] = state[i] ^ input[at + i];
      state = this.#aes.update(this.#block);
    }
    return toBigInt(this.#output(state, halves.outputBytes));
  }

  /** S: the state, and as many blocks made from it as are needed. */
  #output(state: Buffer, length: number): Buffer {
    if (length <= BLOCK) return state.subarray(0, length);
    const blocks = [state];
    for (let j = 1; j * BLOCK < length; j++) {
      const counter = Buffer.from(state);
      counter.writeUInt32BE((counter.readUInt32BE(12) ^ j) >>> 0, 12);
      blocks.push(this.#aes.update(counter));
    }
    return Buffer.concat(blocks).subarray(0, length);
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
  /** Q, of which each round overwrites the end. */
  readonly #q: Buffer;
  /** P. */
  readonly firstBlock: Buffer;
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
    this.#q = Buffer.alloc(BLOCK * Math.ceil((tweak.length + 1 + this.#halfBytes) / BLOCK));
    tweak.copy(this.#q);
    this.firstBlock = Buffer.from([1, 2, 1, 0, 0, 0, ROUNDS, this.#u & 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    this.firstBlock.writeUIntBE(radices.every((other) => other === radices[0]) ? radices[0] : 0, 3, 3);
    this.firstBlock.writeUInt32BE(n, 8);
    this.firstBlock.writeUInt32BE(tweak.length, 12);
  }

  modulusOf(round: number): bigint {
    return this.#moduli[round & 1];
  }

  /** Q of the round; valid until the next call. */
  roundInput(round: number, half: bigint): Buffer {
    const end = this.#q.length - this.#halfBytes;
    this.#q[end - 1] = round;
    this.#q.write(half.toString(16).padStart(this.#halfBytes * 2, '0'), end, 'hex');
    return this.#q;
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
