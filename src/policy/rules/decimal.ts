import { canonicalNumber, fitsDynamoDb } from '../../model/number.ts';
import { Refusal } from './rule.ts';

const CANONICAL = /^(-?)(\d+)E(-?\d+)$/;

/**
 * A number's value in plain decimal notation: no exponent, no zero that says nothing. `1.50` and `15e-1` both give `1.5`, so that
 * what is derived from the text is derived from the value. Throws Refusal when DynamoDB could not hold the number.
 */
export function plainDecimal(text: string): string {
  // The bound also keeps the zeros written below to a few hundred.
  if (!fitsDynamoDb(text)) throw new Refusal('the number is out of DynamoDB’s range');
  const match = CANONICAL.exec(canonicalNumber(text));
  if (match === null) return '0';
  const [, sign, digits] = match;
  const exponent = Number(match[3]);
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  const whole = digits.length + exponent;
  if (whole > 0) return `${sign}${digits.slice(0, whole)}.${digits.slice(whole)}`;
  return `${sign}0.${'0'.repeat(-whole)}${digits}`;
}

/** The greatest multiple of `step` that is not above `text`, exactly, in plain decimal notation. `step` is a positive number. */
export function floorToMultiple(text: string, step: string): string {
  const value = scaled(plainDecimal(text));
  const width = scaled(plainDecimal(step));
  const scale = Math.max(value.scale, width.scale);
  const v = value.unscaled * 10n ** BigInt(scale - value.scale);
  const w = width.unscaled * 10n ** BigInt(scale - width.scale);
  // BigInt division rounds towards zero, which for a negative number is up.
  const quotient = v / w - (v < 0n && v % w !== 0n ? 1n : 0n);
  return plainDecimal(`${quotient * w}E-${scale}`);
}

function scaled(plain: string): { unscaled: bigint; scale: number } {
  const point = plain.indexOf('.');
  if (point < 0) return { unscaled: BigInt(plain), scale: 0 };
  return { unscaled: BigInt(plain.slice(0, point) + plain.slice(point + 1)), scale: plain.length - point - 1 };
}
