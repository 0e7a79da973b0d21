import type { Random } from './random.ts';

/** A number as the resident identity card of China has it, check digit and all, of a region code that no place has (99…). */
export function residentIdentityNumber(random: Random): string {
  const day = String(1 + random.below(28)).padStart(2, '0');
  const month = String(1 + random.below(12)).padStart(2, '0');
  const digits = `99${random.digits(4)}${1940 + random.below(65)}${month}${day}${random.digits(3)}`;
  return digits + checkDigit(digits);
}

/** ISO 7064, MOD 11-2, as GB 11643 has it. */
function checkDigit(digits: string): string {
  let sum = 0;
  for (const digit of digits) sum = ((sum + Number(digit)) * 2) % 11;
  return '10X98765432'[sum];
}

/** Of the form of a US social security number, of a range that has never been issued (9xx). */
export function socialSecurityNumber(random: Random): string {
  return `9${random.digits(2)}-${random.digits(2)}-${random.digits(4)}`;
}
