import { createCipheriv, createDecipheriv, createHmac, type KeyObject } from 'node:crypto';
import type { AttributeType } from '../../model/attribute.ts';
import type { ByteWriter } from '../../model/byte-writer.ts';
import { DynaferryError } from '../../model/errors.ts';
import { readAttributeValue, stableJson } from '../value-json.ts';
import type { AttributeValue } from '../filter/attribute-value.ts';
import type { Secret } from '../secret.ts';
import type { Canonical, Rule, RuleTraits } from './rule.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a value of any type with AES-256-GCM, for whoever holds the key to read with `decryptValue`. The plaintext is the value in DynamoDB JSON,
 * so that its type comes back too. What comes out is one version byte (1), the nonce (12 bytes), the ciphertext, and the tag (16 bytes), as B or,
 * in base64, as S.
 *
 * The nonce is not random but an HMAC of the attribute and the value: the policy must give the same bytes each time it is applied, or verification
 * could not recompute what the target should hold, and a resumed export would differ from itself. The price is that equal values of one attribute
 * look equal, as they do under `hash`; and lengths show, as always under GCM. A nonce of 96 bits must not repeat for two different values under one
 * key: for 2^32 distinct values the chance is below 2^-32, so take a new key beyond that.
 */
export class EncryptRule implements Rule {
  readonly name = 'encrypt';
  readonly traits: RuleTraits = { keepsUniqueness: true, reversible: true, deterministic: true, keepsType: false };
  readonly parameters: Canonical;
  readonly #key: KeyObject;
  readonly #nonceKey: KeyObject;
  readonly #attribute: string;
  readonly #as: 'B' | 'S';

  /** `attribute` is the path that the policy gives, before a rename. */
  constructor(secret: Secret, attribute: string, as: 'B' | 'S') {
    this.parameters = { version: VERSION, key: secret.fingerprint, as };
    this.#key = encryptionKey(secret);
    this.#nonceKey = secret.derive('encrypt/1/nonce');
    this.#attribute = attribute;
    this.#as = as;
  }

  outputType(): AttributeType {
    return this.#as;
  }

  write(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean {
    const plain = stableJson(readAttributeValue(bytes, start, end));
    const nonce = createHmac('sha256', this.#nonceKey)
      .update(`${this.#attribute.length}:${this.#attribute}${plain}`)
      .digest()
      .subarray(0, NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = [Buffer.from([VERSION]), nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
    out.ascii(`{"${this.#as}":"${Buffer.concat(sealed).toString('base64')}"}`);
    return true;
  }
}

/**
 * The value that an encrypt rule with this key was given. `sealed` is the base64 text of the attribute, whether it is B or S.
 * Throws DATA_DAMAGED when it was made under another key or has been changed.
 */
export function decryptValue(sealed: string, secret: Secret): AttributeValue {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes[0] !== VERSION || bytes.length < 1 + NONCE_BYTES + TAG_BYTES)
    throw new DynaferryError('DATA_DAMAGED', 'the value is not one that an encrypt rule of this version wrote');
  const decipher = createDecipheriv('aes-256-gcm', encryptionKey(secret), bytes.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const plain = Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return JSON.parse(plain.toString('utf8')) as AttributeValue;
  } catch (error) {
    throw new DynaferryError('DATA_DAMAGED', 'the value was encrypted under another key, or has been changed', {
      fix: 'Give the key that the policy named when the value was encrypted.',
      cause: error,
    });
  }
}

function encryptionKey(secret: Secret): KeyObject {
  return secret.derive('encrypt/1/key');
}
