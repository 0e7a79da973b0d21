import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashRule } from '../../../src/policy/rules/hash.ts';
import { Refusal } from '../../../src/policy/rules/rule.ts';
import { applyRule, secretOf } from './apply-rule.ts';
import { Secret } from '../../../src/policy/secret.ts';

const key = 'a key of more than sixteen bytes';
const rule = hashRule(secretOf(key));
const hmac = (content: string | Buffer): string => createHmac('sha256', key).update(content).digest('hex');

test('agrees with RFC 4231, test case 1', () => {
  const known = hashRule(new Secret('env:K', Buffer.alloc(20, 0x0b)));
  expect(applyRule(known, { S: 'Hi There' })).toEqual({
    S: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  });
});

test('hashes the UTF-8 of strings and the bytes of binary', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array(), (text, bytes) => {
      expect(applyRule(rule, { S: text })).toEqual({ S: hmac(text) });
      expect(applyRule(rule, { B: Buffer.from(bytes).toString('base64') })).toEqual({ S: hmac(Buffer.from(bytes)) });
    }),
  );
});

test('hashes a number by its value, as plain decimal text', () => {
  const texts: [written: string, plain: string][] = [
    ['42', '42'],
    ['-0', '0'],
    ['1.50', '1.5'],
    ['15e-1', '1.5'],
    ['-1E+3', '-1000'],
    ['0.00120', '0.0012'],
  ];
  for (const [written, plain] of texts) expect(applyRule(rule, { N: written })).toEqual({ S: hmac(plain) });
});

test('hashes sets and lists element by element', () => {
  expect(applyRule(rule, { NS: ['1', '2'] })).toEqual({ SS: [hmac('1'), hmac('2')] });
  expect(applyRule(rule, { L: [{ S: 'a' }, { NULL: true }, { L: [{ N: '7' }] }] })).toEqual({
    L: [{ S: hmac('a') }, { NULL: true }, { L: [{ S: hmac('7') }] }],
  });
});

test('leaves NULL, and refuses BOOL and maps, also inside lists', () => {
  expect(applyRule(rule, { NULL: true })).toEqual({ NULL: true });
  expect(() => applyRule(rule, { BOOL: true })).toThrow(Refusal);
  expect(() => applyRule(rule, { M: { a: { S: 'x' } } })).toThrow(Refusal);
  expect(() => applyRule(rule, { L: [{ S: 'a' }, { BOOL: false }] })).toThrow(Refusal);
});
