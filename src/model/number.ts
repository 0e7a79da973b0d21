/**
 * DynamoDB numbers as decimal text: up to 38 significant digits, magnitudes from 1E-130 to 9.99…E+125
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html). No path turns them into doubles.
 */
interface Decimal {
  /** -1, 0 or 1. */
  sign: number;
  /** Significant digits, no zero at either end; empty for zero. */
  digits: string;
  /** Power of ten of the first digit: 123 is digits '123', exponent 2. */
  exponent: number;
}

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

function parse(text: string): Decimal | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const whole = match[2];
  const fraction = match[3] ?? '';
  const all = whole + fraction;
  if (all === '') return undefined;
  const digits = all.replace(/^0+/, '');
  if (digits === '') return { sign: 0, digits: '', exponent: 0 };
  const leadingZeros = all.length - digits.length;
  return {
    sign: match[1] === '-' ? -1 : 1,
    digits: digits.replace(/0+$/, ''),
    exponent: whole.length - 1 - leadingZeros + Number(match[4] ?? 0),
  };
}

/** Whether the text is a decimal number. Says nothing of DynamoDB's limits on digits and magnitude. */
export function isNumber(text: string): boolean {
  return parse(text) !== undefined;
}

/** Whether DynamoDB can hold the number exactly: at most 38 significant digits, magnitude within 1E-130 and 9.99…E+125, or zero. */
export function fitsDynamoDb(text: string): boolean {
  const n = parse(text);
  if (n === undefined) return false;
  return n.sign === 0 || (n.digits.length <= 38 && n.exponent >= -130 && n.exponent <= 125);
}

/** Exact comparison: negative, zero or positive. Throws RangeError when either is not a number. */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const x = parse(a);
  const y = parse(b);
  if (x === undefined || y === undefined) throw new RangeError('not a decimal number');
  if (x.sign !== y.sign) return x.sign - y.sign;
  if (x.sign === 0) return 0;
  return x.sign > 0 ? compareMagnitudes(x, y) : compareMagnitudes(y, x);
}

function compareMagnitudes(x: Decimal, y: Decimal): number {
  if (x.exponent !== y.exponent) return x.exponent - y.exponent;
  // Both strings of digits begin at the same power of ten, so text order is number order.
  return x.digits < y.digits ? -1 : x.digits > y.digits ? 1 : 0;
}

/**
 * The one text for a number's value, whatever way it is written: `1.50`, `15e-1` and `1.5` give the same. Of the form `-15E-1`,
 * with a whole-number mantissa that does not end in zero. Throws RangeError when the text is not a number.
 */
export function canonicalNumber(text: string): string {
  // What most numbers are: digits that neither begin nor end in zero, short enough to be seen at once.
  if (/^-?[1-9](?:\d*[1-9])?$/.test(text)) return `${text}E0`;
  const n = parse(text);
  if (n === undefined) throw new RangeError('not a decimal number');
  if (n.sign === 0) return '0';
  return `${n.sign < 0 ? '-' : ''}${n.digits}E${n.exponent - n.digits.length + 1}`;
}
