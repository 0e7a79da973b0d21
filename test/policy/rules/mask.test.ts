import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskRule } from '../../../src/policy/rules/mask.ts';
import { Refusal } from '../../../src/policy/rules/rule.ts';
import { applyRule, applyToText } from './apply-rule.ts';

const table: [spec: Parameters<typeof maskRule>[0], value: string, masked: string][] = [
  ['email', 'jane.doe@example.com', 'j***@example.com'],
  ['email', 'j@example.com', '***@example.com'],
  ['email', '"odd@local"@example.com', '"***@example.com'],
  ['email', '张伟@例子.中国', '张***@例子.中国'],
  ['email', 'not an address', '**************'],
  ['email', 'call me @ 12 Some Street', '************************'],
  ['email', '', ''],
  ['phone', '+1 (415) 555-0199', '+* (***) ***-0199'],
  ['phone', '0199', '****'],
  ['phone', '415-555-0199 ext Smith', '***-***-0199 *** *****'],
  ['phone', '٠١٢٣٤٥٦٧', '****٤٥٦٧'],
  [{ keepLast: 4 }, '4111111111111111', '************1111'],
  [{ keepLast: 4 }, '1111', '****'],
  [{ keepFirst: 1, keepLast: 1, with: 'x' }, '😀bc😀', '😀xx😀'],
  [{ keepFirst: 2, keepLast: 2 }, 'abc', '***'],
  [{}, 'abc', '***'],
  [{ pattern: '[0-9]+', with: '#' }, 'Flat 12, No 7', 'Flat #, No #'],
  [{ pattern: '(?<=^.).*', with: '$1$&' }, 'secret', 's$1$&'],
];

test.each(table)('mask %j: %s becomes %s', (spec, value, masked) => {
  expect(applyToText(maskRule(spec), value)).toBe(masked);
});

test('of an address nothing of the local part but its first character stays', () => {
  const local = fc.stringMatching(/^[a-z0-9.+_-]{2,30}$/);
  fc.assert(
    fc.property(local, (name) => {
      expect(applyToText(maskRule('email'), `${name}@example.com`)).toBe(`${name[0]}***@example.com`);
    }),
  );
});

test('an email mask never lets text through that is no address', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('@')),
      (text) => {
        expect(applyToText(maskRule('email'), text)).toMatch(/^\**$/);
      },
    ),
  );
});

test('a phone mask leaves at most four digits, and never all', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-z +()-]{1,30}$/), (text) => {
      const masked = applyToText(maskRule('phone'), text);
      const left = masked.replace(/\D/g, '');
      const digits = text.replace(/\D/g, '');
      expect(left).toBe(digits.length > 4 ? digits.slice(-4) : '');
      expect(masked).not.toMatch(/[a-z]/);
      expect(masked).toHaveLength(text.length);
    }),
  );
});

test('keepLast never shows more than it says', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{1,20}$/), fc.integer({ min: 0, max: 8 }), (text, keepLast) => {
      const masked = applyToText(maskRule({ keepLast }), text);
      const shown = text.length > keepLast && keepLast > 0 ? text.slice(-keepLast) : '';
      expect(masked).toBe('*'.repeat(text.length - shown.length) + shown);
    }),
  );
});

test('masks numbers as strings, and sets and lists element by element', () => {
  const rule = maskRule({ keepLast: 2 });
  expect(applyRule(rule, { N: '4155550199' })).toEqual({ S: '********99' });
  expect(applyRule(rule, { NS: ['123', '923'] })).toEqual({ SS: ['*23'] });
  expect(applyRule(rule, { L: [{ S: 'abcd' }, { N: '123' }] })).toEqual({ L: [{ S: '**cd' }, { S: '*23' }] });
});

test('refuses what it cannot mask', () => {
  for (const value of [{ B: 'AAAA' }, { BOOL: true }, { M: {} }, { BS: ['AAAA'] }])
    expect(() => applyRule(maskRule('email'), value)).toThrow(Refusal);
  expect(() => applyToText(maskRule({ pattern: '\\d', with: '#' }), 'no digit')).toThrow(Refusal);
  expect(() => applyToText(maskRule({ pattern: '(?=a)', with: '#' }), 'aaa')).toThrow(Refusal);
});
