import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DynaferryError } from '../model/errors.ts';

/**
 * Seals checkpoints. A checkpoint is the key of the last item that was read, which may be one that the policy keeps back; so wherever it is
 * kept it is encrypted (AES-256-GCM), with a key that lies in the source's staging bucket only and never crosses.
 */
export class Sealer {
  readonly #key: Buffer;

  /** `key` is 32 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 32) throw new RangeError('a sealing key has 32 bytes');
    this.#key = key;
  }

  static newKey(): Buffer {
    return randomBytes(32);
  }

  /** Base64 of nonce, ciphertext and tag. */
  seal(plain: Buffer): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** Throws MANIFEST_INVALID where the text was not sealed with this key. */
  open(sealed: string): Buffer {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    } catch (error) {
      throw new DynaferryError('MANIFEST_INVALID', 'a checkpoint cannot be opened with the sealing key of its export', {
        cause: error,
      });
    }
  }
}
