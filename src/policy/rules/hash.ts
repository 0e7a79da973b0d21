import type { Secret } from '../secret.ts';
import { plainDecimal } from './decimal.ts';
import { ScalarRule } from './scalar-rule.ts';

/**
 * HMAC-SHA-256 under the key, in lower-case hex, as S: of a string's UTF-8, of a number's plain decimal text, of binary's bytes.
 * Without the key nobody can find values by trying; the same value gives the same hash in every attribute and table, so joins survive.
 */
export function hashRule(key: Secret): ScalarRule {
  return new ScalarRule({
    name: 'hash',
    traits: { keepsUniqueness: true, reversible: false, deterministic: true, keepsType: false },
    parameters: { key: key.fingerprint },
    treatments: {
      S: { to: 'S', treat: (text) => key.hmacHex(text) },
      N: { to: 'S', treat: (text) => key.hmacHex(plainDecimal(text)) },
      B: { to: 'S', treat: (base64) => key.hmacHex(Buffer.from(base64, 'base64')) },
    },
  });
}
