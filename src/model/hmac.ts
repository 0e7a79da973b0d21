import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Contents up to so many bytes, which most are, go the short way. */
const ROOM_BYTES = 1024;

/**
 * HMAC-SHA-256 (RFC 2104) under one key. Two calls of the one-shot hash cost a third less than an Hmac object, and leave nothing
 * for the garbage collector to finalise: there is one for each request, and one for each value that is hashed.
 */
export class HmacSha256 {
  readonly #key: KeyObject;
  /** The key with the inner padding, then room for the content. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES + ROOM_BYTES, 0x36);
  /** The key with the outer padding, then room for the inner hash. */
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);

  constructor(key: Buffer) {
    this.#key = createSecretKey(key);
    const block = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key;
    for (const [i, byte] of block.entries()) {
      this.#inner[i] ^= byte;
      this.#outer[i] ^= byte;
    }
  }

  /** Of a text in UTF-8 or of bytes, in lower-case hex. */
  hex(content: string | Buffer): string {
    // No character takes more than three bytes for each of its units.
    if (content.length * 3 > ROOM_BYTES) return createHmac('sha256', this.#key).update(content).digest('hex');
    const length =
      typeof content === 'string' ? this.#inner.write(content, BLOCK_BYTES) : content.copy(this.#inner, BLOCK_BYTES);
    this.#outer.write(hash('sha256', this.#inner.subarray(0, BLOCK_BYTES + length)), BLOCK_BYTES, 'hex');
    return hash('sha256', this.#outer);
  }
}
