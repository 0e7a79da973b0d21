import { BucketSet, bucketOf } from './bucket-set.ts';
import { DIGEST_BYTES } from '../../model/item-digest.ts';

/** Bytes of one bucket: count, then sum, both little-endian. */
export const BUCKET_BYTES = 20;
const LANES = 4;

const BUCKET_BITS_MIN = 8;
/** 20 MB a side. */
export const BUCKET_BITS_MAX = 20;
/** Few enough that one difference brings few items into the second pass, enough that the table stays small beside the items. */
const ITEMS_PER_BUCKET = 16;

/** How many bits of buckets a table of about `items` items gets. */
export function bucketBitsFor(items: number): number {
  const wanted = Math.ceil(Math.log2(Math.max(1, items / ITEMS_PER_BUCKET)));
  return Math.min(BUCKET_BITS_MAX, Math.max(BUCKET_BITS_MIN, wanted));
}

/**
 * Counts and sums item digests by bucket, in memory that depends on the number of buckets alone. The sum is taken modulo 2^128, so it does not depend on
 * the order of the items. Unlike XOR it does not lose an item that is there twice; docs/verify.md says what else it can and cannot tell.
 */
export class BucketTable {
  readonly bits: number;
  readonly #counts: Uint32Array;
  /** Four lanes of 32 bits a bucket, the lowest first. */
  readonly #sums: Uint32Array;

  constructor(bits: number) {
    this.bits = bits;
    this.#counts = new Uint32Array(2 ** bits);
    this.#sums = new Uint32Array(2 ** bits * LANES);
  }

  get buckets(): number {
    return this.#counts.length;
  }

  countOf(bucket: number): number {
    return this.#counts[bucket];
  }

  /** All items that were added. */
  items(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Adds the item whose key hash begins at `at`, with its digest right behind. */
  add(bytes: Buffer, at: number): void {
    const bucket = bucketOf(bytes, this.bits, at);
    const digest = at + DIGEST_BYTES;
    this.#counts[bucket]++;
    const sums = bucket * LANES;
    let carry = 0;
    for (let lane = 0; lane < LANES; lane++) {
      const sum = this.#sums[sums + lane] + bytes.readUInt32LE(digest + lane * 4) + carry;
      this.#sums[sums + lane] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  /** The same items in 2^bits buckets, at most as many as now: a bucket's number is a prefix of the key hash, so neighbours merge. */
  fold(bits: number): BucketTable {
    if (bits === this.bits) return this;
    const folded = new BucketTable(bits);
    for (let bucket = 0; bucket < this.buckets; bucket++) folded.#merge(bucket >>> (this.bits - bits), this, bucket);
    return folded;
  }

  /** The buckets whose items are not the same in both tables, which must have the same number of buckets. */
  differing(other: BucketTable): BucketSet {
    if (other.bits !== this.bits) throw new RangeError('tables of different size');
    const set = new BucketSet(this.bits);
    for (let bucket = 0; bucket < this.buckets; bucket++) if (!this.#sameBucket(other, bucket)) set.add(bucket);
    return set;
  }

  /** The table in the form of the digest object. */
  encode(into: Buffer, at: number): void {
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      let i = into.writeUInt32LE(this.#counts[bucket], at + bucket * BUCKET_BYTES);
      for (let lane = 0; lane < LANES; lane++) i = into.writeUInt32LE(this.#sums[bucket * LANES + lane], i);
    }
  }

  static decode(from: Buffer, bits: number): BucketTable {
    const table = new BucketTable(bits);
    for (let bucket = 0; bucket < table.buckets; bucket++) {
      const i = bucket * BUCKET_BYTES;
      table.#counts[bucket] = from.readUInt32LE(i);
      for (let lane = 0; lane < LANES; lane++) table.#sums[bucket * LANES + lane] = from.readUInt32LE(i + 4 + lane * 4);
    }
    return table;
  }

  #sameBucket(other: BucketTable, bucket: number): boolean {
    if (this.#counts[bucket] !== other.#counts[bucket]) return false;
    for (let i = bucket * LANES; i < (bucket + 1) * LANES; i++) if (this.#sums[i] !== other.#sums[i]) return false;
    return true;
  }

  #merge(into: number, from: BucketTable, bucket: number): void {
    this.#counts[into] += from.#counts[bucket];
    let carry = 0;
    for (let lane = 0; lane < LANES; lane++) {
      const sum = this.#sums[into * LANES + lane] + from.#sums[bucket * LANES + lane] + carry;
      this.#sums[into * LANES + lane] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }
}
