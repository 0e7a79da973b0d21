import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNumbers } from '../../../src/model/number.ts';
import { generaliseRule } from '../../../src/policy/rules/generalise.ts';
import { floorToMultiple, plainDecimal } from '../../../src/policy/rules/decimal.ts';
import { Refusal } from '../../../src/policy/rules/rule.ts';
import { applyRule } from './apply-rule.ts';

test.each([
  ['37', '10', '30'],
  ['-1', '10', '-10'],
  ['-20', '10', '-20'],
  ['0.75', '0.5', '0.5'],
  ['12345678901234567890123456789012345678', '1000', '12345678901234567890123456789012345000'],
  ['1E+100', '7E+99', '7E+99'],
  ['1E-130', '1', '0'],
])('%s in steps of %s is %s', (value, step, rounded) => {
  expect(compareNumbers(floorToMultiple(value, step), rounded) === 0).toBe(true);
});

test('agrees with whole numbers divided by BigInt', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
      fc.bigInt({ min: 1n, max: 10n ** 12n }),
      (value, step) => {
        const remainder = ((value % step) + step) % step;
        expect(floorToMultiple(String(value), String(step))).toBe(String(value - remainder));
      },
    ),
  );
});

test('plain decimal text has the value of what it was made from, and no exponent', () => {
  const number = fc
    .tuple(fc.integer(), fc.integer({ min: -120, max: 110 }))
    .map(([digits, exponent]) => `${digits}e${exponent}`);
  fc.assert(
    fc.property(number, (text) => {
      const plain = plainDecimal(text);
      expect(plain).toMatch(/^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/);
      expect(compareNumbers(plain, text) === 0).toBe(true);
    }),
  );
});

test('rounds numbers, strings that are numbers, and sets of them; refuses everything else', () => {
  const rule = generaliseRule('10');
  expect(applyRule(rule, { N: '37' })).toEqual({ N: '30' });
  expect(applyRule(rule, { S: '37' })).toEqual({ S: '30' });
  expect(applyRule(rule, { NS: ['31', '39', '40'] })).toEqual({ NS: ['30', '40'] });
  for (const value of [{ S: 'thirty' }, { B: 'AAAA' }, { BOOL: true }])
    expect(() => applyRule(rule, value)).toThrow(Refusal);
  expect(() => applyRule(generaliseRule('0.7'), { N: '9'.repeat(38) })).toThrow(Refusal);
});
