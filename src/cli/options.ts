import { InvalidArgumentError } from 'commander';
import { parseAge } from '../settings/times.ts';

/** Reads an option that is a whole number; commander names the option in what it makes of the error. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

/** Reads an option that is a whole number or `all`. */
export function wholeNumberOrAll(text: string): number | 'all' {
  return text === 'all' ? 'all' : wholeNumber(1, Number.MAX_SAFE_INTEGER)(text);
}

/** Reads an option that is a share, from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value <= 1) return value;
  throw new InvalidArgumentError('Give a share from 0 to 1, such as 0.2.');
}

/** Reads an option that is a length of time; milliseconds. */
export function age(text: string): number {
  const ms = parseAge(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Give a time such as 30s, 5min or 1h.');
}

/** Gathers the values of an option that may be given several times. */
export function eachOf(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** The argument of every command that works on migrations. */
export const FILES = ['<file...>', 'one or several migration files'] as const;
