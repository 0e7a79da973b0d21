import { createSecretKey } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ff1 } from '../../../src/policy/rules/ff1.ts';

/**
 * NIST, "Examples with Intermediate Values", FF1 samples 1 to 9
 * (https://csrc.nist.gov/CSRC/media/Projects/Cryptographic-Standards-and-Guidelines/documents/examples/FF1samples.pdf).
 */
const key = '2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94';
const digits = '0123456789';
const alphanumeric = '0123456789abcdefghi';
const samples: [keyBytes: number, radix: number, tweak: string, plain: string, token: string][] = [
  [16, 10, '', digits, '2433477484'],
  [16, 10, '39383736353433323130', digits, '6124200773'],
  [16, 36, '3737373770717273373737', alphanumeric, 'a9tv40mll9kdu509eum'],
  [24, 10, '', digits, '2830668132'],
  [24, 10, '39383736353433323130', digits, '2496655549'],
  [24, 36, '3737373770717273373737', alphanumeric, 'xbj3kv35jrawxv32ysr'],
  [32, 10, '', digits, '6657667009'],
  [32, 10, '39383736353433323130', digits, '1001623463'],
  [32, 36, '3737373770717273373737', alphanumeric, 'xs8a0azh2avyalyzuwd'],
];

test.each(samples)(
  'agrees with the NIST sample: key of %i bytes, radix %i, tweak %s',
  (keyBytes, radix, tweak, plain, token) => {
    const ff1 = new Ff1(createSecretKey(key.slice(0, keyBytes * 2), 'hex'));
    const radices = Array.from(plain, () => radix);
    const numerals = (text: string): number[] => Array.from(text, (digit) => Number.parseInt(digit, radix));
    const encrypted = ff1.encrypt({ values: numerals(plain), radices }, Buffer.from(tweak, 'hex'));
    expect(encrypted.map((value) => value.toString(radix)).join('')).toBe(token);
    expect(ff1.decrypt({ values: encrypted, radices }, Buffer.from(tweak, 'hex'))).toEqual(numerals(plain));
  },
);

test('decrypts what it encrypted, each position within its own radix', () => {
  const position = fc
    .integer({ min: 2, max: 30_000 })
    .chain((radix) => fc.record({ radix: fc.constant(radix), value: fc.integer({ min: 0, max: radix - 1 }) }));
  const texts = fc.array(position, { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(
      texts,
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 40 }),
      (text, bytes, tweak) => {
        const ff1 = new Ff1(createSecretKey(Buffer.from(bytes)));
        const radices = text.map(({ radix }) => radix);
        const values = text.map(({ value }) => value);
        const encrypted = ff1.encrypt({ values, radices }, Buffer.from(tweak));
        expect(encrypted.every((value, i) => Number.isInteger(value) && value >= 0 && value < radices[i])).toBe(true);
        expect(ff1.decrypt({ values: encrypted, radices }, Buffer.from(tweak))).toEqual(values);
      },
    ),
  );
});

test('is a permutation of a whole small domain', () => {
  const ff1 = new Ff1(createSecretKey(Buffer.alloc(32, 7)));
  const radices = [9, 10, 26];
  const seen = new Set<string>();
  for (let n = 0; n < 9 * 10 * 26; n++) {
    const values = [Math.floor(n / 260), Math.floor(n / 26) % 10, n % 26];
    seen.add(ff1.encrypt({ values, radices }, Buffer.alloc(0)).join());
  }
  expect(seen.size).toBe(9 * 10 * 26);
});
