import { floorToMultiple, plainDecimal } from './decimal.ts';
import { Refusal } from './rule.ts';
import { ScalarRule } from './scalar-rule.ts';

type DatePart = 'year' | 'month' | 'day';

/** What stays of a value: its first characters, its first digits, or a date's year, month or day. One of the three is given. */
export interface TruncateSpec {
  length?: number | undefined;
  digits?: number | undefined;
  to?: DatePart | undefined;
  /** With `to`, of dates that are numbers. */
  unit?: 'seconds' | 'milliseconds' | undefined;
}

const TRAITS = { keepsUniqueness: false, reversible: false, deterministic: true, keepsType: true } as const;
/** ISO 8601, basic or extended, whole or already cut; what stands behind the day is not looked at, for it never stays. */
const DATE = /^(\d{4})(?:(-?)(0[1-9]|1[0-2])(?:\2(0[1-9]|[12]\d|3[01])(?:[T ].*)?)?)?$/s;
/** The year 5138 in seconds, and 1973 in milliseconds: what is above is no date in seconds. */
const SECONDS_MAX = 1e11;

/** Keeps the beginning of strings (`length`), of strings and whole numbers (`digits`), or of dates (`to`). */
export function truncateRule(spec: TruncateSpec): ScalarRule {
  if (spec.length !== undefined) return truncateLength(spec.length);
  if (spec.digits !== undefined) return truncateDigits(spec.digits);
  if (spec.to !== undefined) return truncateDate(spec.to, spec.unit ?? 'seconds');
  throw new RangeError('truncate needs length, digits or to');
}

function truncateLength(length: number): ScalarRule {
  return new ScalarRule({
    name: 'truncate',
    traits: TRAITS,
    parameters: { length },
    treatments: { S: { to: 'S', treat: (text) => Array.from(text).slice(0, length).join('') } },
  });
}

/** `94107-1234` with three digits becomes `94100-0000`, the number 94107 becomes 94100; letters behind them become `X`. */
function truncateDigits(digits: number): ScalarRule {
  const cut = (text: string): string => {
    let kept = 0;
    return text.replace(/[\p{L}\p{N}\p{M}]/gu, (character) => {
      if (kept++ < digits) return character;
      return /\p{N}/u.test(character) ? '0' : 'X';
    });
  };
  return new ScalarRule({
    name: 'truncate',
    traits: TRAITS,
    parameters: { digits },
    treatments: {
      S: { to: 'S', treat: cut },
      N: {
        to: 'N',
        treat: (text) => {
          const plain = plainDecimal(text);
          if (plain.includes('.')) throw new Refusal('the number is not whole');
          return plainDecimal(cut(plain));
        },
      },
    },
  });
}

function truncateDate(to: DatePart, unit: 'seconds' | 'milliseconds'): ScalarRule {
  return new ScalarRule({
    name: 'truncate',
    traits: TRAITS,
    parameters: { to, unit },
    treatments: {
      S: { to: 'S', treat: (text) => (text === '' ? '' : cutDate(text, to)) },
      N: { to: 'N', treat: (text) => cutEpoch(text, to, unit === 'seconds' ? 1000 : 1) },
    },
  });
}

/** `2024-03-15T10:20:30Z` becomes `2024`, `2024-03` or `2024-03-15`: the date as written, in whatever time zone that is. */
function cutDate(text: string, to: DatePart): string {
  const match = DATE.exec(text);
  if (match === null) throw new Refusal('the value is not a date of the form 2024-03-15 or 20240315');
  const [, year, separator = '', month, day] = match;
  if (to === 'year' || month === undefined) return year;
  if (to === 'month' || day === undefined) return year + separator + month;
  return year + separator + month + separator + day;
}

/** Time since 1970 becomes that of the first moment of its year, month or day in UTC, in the same unit. */
function cutEpoch(text: string, to: DatePart, unitMs: number): string {
  const whole = Number(floorToMultiple(text, '1'));
  if (unitMs === 1000 && Math.abs(whole) > SECONDS_MAX)
    throw new Refusal('the number is no time in seconds; if it is milliseconds, the rule must say unit: milliseconds');
  const date = new Date(whole * unitMs);
  if (Number.isNaN(date.getTime())) throw new Refusal('the number is no time that a calendar has');
  date.setUTCHours(0, 0, 0, 0);
  if (to !== 'day') date.setUTCDate(1);
  if (to === 'year') date.setUTCMonth(0);
  return plainDecimal(String(date.getTime() / unitMs));
}
