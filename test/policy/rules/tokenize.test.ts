import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { detokenize, tokenizeRule } from '../../../src/policy/rules/tokenize.ts';
import { Refusal } from '../../../src/policy/rules/rule.ts';
import { Ff1 } from '../../../src/policy/rules/ff1.ts';
import { applyRule, applyToText, secretOf } from './apply-rule.ts';

const secret = secretOf('a key of more than sixteen bytes');
const rule = tokenizeRule(secret);

/** A text's form by rules of its own, for what the generators make. */
function formOf(text: string): string {
  return text
    .replace(/[0-9]/g, '9')
    .replace(/[a-z]/g, 'a')
    .replace(/[A-Z]/g, 'A')
    .replace(/[à-öø-ÿ]/g, 'é')
    .replace(/[一-龥]/g, '字');
}

const characters = fc.constantFrom(...Array.from('0123456789abcxyzABCXYZéü张伟 -+@.()'));
const texts = fc.array(characters, { minLength: 0, maxLength: 40 }).map((parts) => `7a${parts.join('')}Z`);

test('keeps the form of a text, and gives it back to the holder of the key', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const token = applyToText(rule, text);
      // Of Latin letters with marks the class reaches further than the oracle's.
      expect(formOf(token.replace(/[ß-ſ]/g, 'é'))).toBe(formOf(text));
      expect(applyToText(rule, text)).toBe(token);
      expect(detokenize('S', token, secret)).toBe(text);
    }),
  );
});

test('is plain FF1 under AES-256 where all places are of one class', () => {
  const ff1 = new Ff1(secret.derive('tokenize/1'));
  const expected = ff1.encrypt(
    { values: [1, 2, 3, 4, 5, 6], radices: Array.from({ length: 6 }, () => 10) },
    Buffer.alloc(0),
  );
  expect(applyToText(rule, '123-456')).toBe(`${expected.slice(0, 3).join('')}-${expected.slice(3).join('')}`);
});

test('gives each of all texts of a form another token', () => {
  const tokens = new Set<string>();
  for (let n = 0; n < 2600; n++) {
    const text = `${String.fromCharCode(65 + Math.floor(n / 100))}-${String(n % 100).padStart(2, '0')}`;
    const token = applyToText(rule, text);
    expect(token).toMatch(/^[A-Z]-\d\d$/);
    tokens.add(token);
  }
  expect(tokens.size).toBe(2600);
});

test('gives numbers numbers of as many digits, and gives them back', () => {
  const whole = fc
    .tuple(fc.constantFrom('', '-'), fc.integer({ min: 100, max: 2 ** 31 - 1 }))
    .map(([sign, n]) => `${sign}${n}`);
  const fraction = fc.tuple(whole, fc.integer({ min: 1, max: 9 })).map(([n, last]) => `${n}.0${last}`);
  const small = fc.integer({ min: 100, max: 99_999 }).map((n) => `0.0${n}1`);
  fc.assert(
    fc.property(fc.oneof(whole, fraction, small), (plain) => {
      const result = applyRule(rule, { N: plain });
      const token = result !== undefined && 'N' in result ? result.N : '';
      expect(token.replace(/\d/g, '9')).toBe(plain.replace(/\d/g, '9'));
      expect(token).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
      expect(detokenize('N', token, secret)).toBe(plain);
    }),
  );
});

test('gives all numbers of a form different tokens', () => {
  const tokens = new Set<unknown>();
  for (let n = 100; n <= 999; n++) tokens.add(JSON.stringify(applyRule(rule, { N: String(n) })));
  expect(tokens.size).toBe(900);
});

test('permutes bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 64 }), (bytes) => {
      const base64 = Buffer.from(bytes).toString('base64');
      const result = applyRule(rule, { B: base64 });
      const token = result !== undefined && 'B' in result ? result.B : '';
      expect(Buffer.from(token, 'base64')).toHaveLength(bytes.length);
      expect(detokenize('B', token, secret)).toBe(base64);
    }),
  );
});

test('refuses what a token would not hide', () => {
  const refused = ['x', '7', '张', '---', ' ', '😀😀😀', 'Jose\u0301', 'ab\u200dcd', 'ไทยไทย', 'a'.repeat(513)];
  for (const text of refused) expect(() => applyToText(rule, text), text).toThrow(Refusal);
  for (const number of ['0', '7', '42', '1E+60', '1E-60'])
    expect(() => applyRule(rule, { N: number }), number).toThrow(Refusal);
  expect(applyToText(rule, '')).toBe('');
  for (const text of refused)
    expect(() => detokenize('S', text, secret), text).toThrow(
      expect.objectContaining({ code: 'DATA_DAMAGED' }) as Error,
    );
  expect(applyToText(rule, 'José')).toMatch(/^[A-Z][a-z]{2}\p{Ll}$/u);
});

test('keeps a set a set of as many members', () => {
  const members = ['415-555-0100', '415-555-0101', '415-555-0102'];
  const result = applyRule(rule, { SS: members });
  const tokens = result !== undefined && 'SS' in result ? result.SS : [];
  expect(new Set(tokens).size).toBe(3);
});
