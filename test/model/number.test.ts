import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNumber, compareNumbers, fitsDynamoDb, isNumber } from '../../src/model/number.ts';

/** A decimal as digits times a power of ten, written in one of the many ways that mean the same. */
const written = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
    fc.integer({ min: -130, max: 90 }),
    fc.nat(6),
    fc.nat(3),
    fc.nat(50),
    fc.constantFrom('E', 'e', 'E+', 'plain'),
  )
  .map(([mantissa, exponent, trailing, leading, point, style]) => {
    const negative = mantissa < 0n;
    let digits = `${'0'.repeat(leading)}${(negative ? -mantissa : mantissa).toString()}${'0'.repeat(trailing)}`;
    let power = exponent - trailing;
    const at = point % (digits.length + 1);
    power += at;
    digits = at === 0 ? digits : `${digits.slice(0, -at)}.${digits.slice(-at)}`;
    const sign = negative ? '-' : leading === 3 ? '+' : '';
    const tail =
      power === 0 && style === 'plain'
        ? ''
        : `${style.startsWith('e') ? 'e' : 'E'}${style === 'E+' && power >= 0 ? '+' : ''}${power}`;
    return { text: `${sign}${digits}${tail}`, mantissa, exponent };
  });

/** Both as whole numbers at the same scale. */
function scaled({ mantissa, exponent }: { mantissa: bigint; exponent: number }): bigint {
  return mantissa * 10n ** BigInt(exponent + 140);
}

describe('numbers', () => {
  it('compare as exact decimals do', () => {
    fc.assert(
      fc.property(written, written, (a, b) => {
        const [x, y] = [scaled(a), scaled(b)];
        expect(Math.sign(compareNumbers(a.text, b.text))).toBe(x < y ? -1 : x > y ? 1 : 0);
        expect(Math.sign(compareNumbers(b.text, a.text)) + Math.sign(compareNumbers(a.text, b.text))).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('have one canonical text a value, and keep the value', () => {
    fc.assert(
      fc.property(written, fc.nat(4), (a, shift) => {
        const same = { mantissa: a.mantissa * 10n ** BigInt(shift), exponent: a.exponent - shift };
        const canonical = canonicalNumber(a.text);
        expect(canonicalNumber(`${same.mantissa}E${same.exponent}`)).toBe(canonical);
        expect(canonicalNumber(canonical)).toBe(canonical);
        expect(compareNumbers(canonical, a.text) === 0).toBe(true);
        expect(canonical).toMatch(/^(0|-?[1-9](\d*[1-9])?E-?\d+)$/);
        expect(canonicalNumber(`${a.mantissa + 1n}E${a.exponent}`)).not.toBe(canonical);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['0', '-0', '+0', '0.000', '0E100', '.0', '0.', '-0e-5'])('%s is zero', (text) => {
    expect(canonicalNumber(text)).toBe('0');
    expect(compareNumbers(text, '0')).toBe(0);
  });

  it.each(['', '.', '-', 'e5', '1e', '1 ', ' 1', '1,0', '0x1', 'NaN', 'Infinity', '1.2.3', '--1', '１'])(
    "'%s' is no number",
    (text) => {
      expect(isNumber(text)).toBe(false);
      expect(() => canonicalNumber(text)).toThrow(RangeError);
      expect(() => compareNumbers(text, '1')).toThrow(RangeError);
      expect(fitsDynamoDb(text)).toBe(false);
    },
  );

  it.each([
    ['9.9999999999999999999999999999999999999E+125', true],
    ['9.9999999999999999999999999999999999999E+126', false],
    ['1E-130', true],
    ['1E-131', false],
    ['-1E-130', true],
    ['12345678901234567890123456789012345678', true],
    ['123456789012345678901234567890123456789', false],
    ['1234567890123456789012345678901234567800', true],
    ['0.00000000000000000000000000000000000000000000000001', true],
    ['0E999', true],
  ])('%s fits DynamoDB: %s', (text, fits) => expect(fitsDynamoDb(text)).toBe(fits));
});
