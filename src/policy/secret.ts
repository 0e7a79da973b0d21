import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { DynaferryError } from '../model/errors.ts';
import { HmacSha256 } from '../model/hmac.ts';

/** Shortest key that is taken, in bytes: below it a key can be found by trying. */
const KEY_BYTES_MIN = 16;

/** A key of a rule. Whatever prints it, prints `[redacted]`. */
export class Secret {
  readonly #key: KeyObject;
  readonly #hmac: HmacSha256;

  /** `reference` is how the policy names the key, for messages. Throws POLICY_INVALID when the key has fewer than 16 bytes. */
  constructor(reference: string, bytes: Buffer) {
    if (bytes.length < KEY_BYTES_MIN)
      throw new DynaferryError('POLICY_INVALID', `the key ${reference} has ${bytes.length} bytes`, {
        fix: `Use a random key of at least ${KEY_BYTES_MIN} bytes, for instance from \`openssl rand -hex 32\`.`,
      });
    this.#key = createSecretKey(bytes);
    this.#hmac = new HmacSha256(bytes);
  }

  /** HMAC-SHA-256 under this key, of a text in UTF-8 or of bytes, in lower-case hex. */
  hmacHex(content: string | Buffer): string {
    return this.#hmac.hex(content);
  }

  /**
   * A key of 32 bytes for one purpose only, by HKDF (RFC 5869). Never a plain HMAC of the purpose: the hash rule gives that of any text that
   * somebody manages to put into an item.
   */
  derive(purpose: string): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync('sha256', this.#key, 'dynaferry', purpose, 32)));
  }

  /** Tells two keys apart without saying what they are: a key derived for nothing else, in hex. */
  get fingerprint(): string {
    return this.derive('fingerprint/1').export().toString('hex');
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }

  [inspect.custom](): string {
    return '[redacted]';
  }
}
