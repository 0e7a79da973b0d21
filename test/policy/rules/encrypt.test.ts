import { createDecipheriv, hkdfSync } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DynaferryError } from '../../../src/model/errors.ts';
import type { AttributeValue } from '../../../src/policy/filter/attribute-value.ts';
import { decryptValue, EncryptRule } from '../../../src/policy/rules/encrypt.ts';
import { applyRule, applyToText, secretOf } from './apply-rule.ts';

const key = 'a key of more than sixteen bytes';
const secret = secretOf(key);
const rule = new EncryptRule(secret, 'govid', 'S');

const values: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme' }).map((S) => ({ S })),
    fc.integer().map((n) => ({ N: String(n) })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant<AttributeValue>({ NULL: true }),
    fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }).map((M) => ({ M })),
  ),
})).value;

test('gives every value back to the holder of the key', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decryptValue(sealedText(value), secret)).toEqual(value);
    }),
  );
});

function sealedText(value: AttributeValue): string {
  const sealed = applyRule(rule, value);
  if (sealed === undefined || !('S' in sealed)) throw new Error('not encrypted');
  return sealed.S;
}

test('the format is version 1: version, nonce, AES-256-GCM ciphertext, tag', () => {
  const bytes = Buffer.from(applyToText(rule, 'Jane'), 'base64');
  expect(bytes[0]).toBe(1);
  const aesKey = Buffer.from(hkdfSync('sha256', key, 'dynaferry', 'encrypt/1/key', 32));
  const decipher = createDecipheriv('aes-256-gcm', aesKey, bytes.subarray(1, 13));
  decipher.setAuthTag(bytes.subarray(-16));
  const plain = Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()]).toString();
  expect(plain).toBe('{"S":"Jane"}');
});

test('is deterministic, whatever order sets and maps come in', () => {
  const one = sealedText({ M: { a: { SS: ['x', 'y'] }, b: { S: 'é' } } });
  const other = sealedText({ M: { b: { S: '\u00e9' }, a: { SS: ['y', 'x'] } } });
  expect(other).toBe(one);
});

test('equal values of two attributes, and under two keys, look different', () => {
  const sealed = applyToText(rule, 'Jane');
  expect(applyToText(new EncryptRule(secret, 'name', 'S'), 'Jane')).not.toBe(sealed);
  expect(applyToText(new EncryptRule(secretOf('another key of many bytes'), 'govid', 'S'), 'Jane')).not.toBe(sealed);
});

test('B holds the bytes that S holds in base64', () => {
  expect(applyRule(new EncryptRule(secret, 'govid', 'B'), { S: 'Jane' })).toEqual({ B: applyToText(rule, 'Jane') });
});

test('refuses a changed value, another key and text that is no such value', () => {
  const sealed = Buffer.from(applyToText(rule, 'Jane'), 'base64');
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] ^= 1;
    expect(() => decryptValue(changed.toString('base64'), secret)).toThrow(DynaferryError);
  }
  expect(() => decryptValue(sealed.toString('base64'), secretOf('another key of many bytes'))).toThrow(/another key/);
  expect(() => decryptValue('AQ==', secret)).toThrow(DynaferryError);
});
