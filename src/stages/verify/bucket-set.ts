/** Some of the 2^bits buckets, one bit each. A key hash belongs to the bucket whose number is its first `bits` bits. */
export class BucketSet {
  readonly bits: number;
  readonly bitmap: Uint8Array;

  constructor(bits: number, bitmap = new Uint8Array(bitmapBytes(bits))) {
    this.bits = bits;
    this.bitmap = bitmap;
  }

  add(bucket: number): void {
    this.bitmap[bucket >>> 3] |= 1 << (bucket & 7);
  }

  has(bucket: number): boolean {
    return ((this.bitmap[bucket >>> 3] >>> (bucket & 7)) & 1) === 1;
  }

  /** Whether a key hash falls into one of the buckets. */
  holds(keyHash: Buffer): boolean {
    return this.has(bucketOf(keyHash, this.bits));
  }

  /** How many buckets are in the set. */
  count(): number {
    let count = 0;
    for (let bucket = 0; bucket < 2 ** this.bits; bucket++) if (this.has(bucket)) count++;
    return count;
  }
}

/** Size in bytes of a set's bitmap. */
export function bitmapBytes(bits: number): number {
  return Math.max(1, 2 ** (bits - 3));
}

/** The bucket of the key hash that begins at `at` among 2^bits, bits from 1 to 32. */
export function bucketOf(bytes: Buffer, bits: number, at = 0): number {
  return bytes.readUInt32BE(at) >>> (32 - bits);
}
