import { z } from 'zod';

/**
 * Builders for single values. Each message says what is expected, so that it reads on behind `got <value>: `.
 */

/** A map with these keys and no others. */
export function map<S extends z.core.$ZodLooseShape>(shape: S, expected: string, description: string) {
  const error = `expected ${expected}`;
  // Unknown keys inside get the general message, which names the known ones.
  return z
    .strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? error : undefined) })
    .describe(description);
}

/** A string of a form. */
export function text(pattern: RegExp, expected: string, description: string) {
  const error = `expected ${expected}`;
  return z.string({ error }).regex(pattern, { error }).describe(description);
}

/** `true` or `false`. */
export function flag(description: string) {
  return z.boolean({ error: 'expected true or false' }).describe(description);
}

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number, description: string) {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error }).describe(description);
}

/** One of some words. */
export function oneOf<const W extends readonly string[]>(words: W, description: string) {
  return z.enum(words, { error: `expected ${orList(words)}` }).describe(description);
}

/** A string that `parse` turns into something else; undefined from it means that the string is not of the form. */
export function parsed<T>(
  pattern: RegExp,
  parse: (text: string) => T | undefined,
  expected: string,
  description: string,
) {
  const error = `expected ${expected}`;
  const schema = z.string({ error }).meta({ pattern: pattern.source });
  return schema
    .transform((value, context): T => {
      const result = parse(value);
      if (result !== undefined) return result;
      context.addIssue(error);
      return z.NEVER;
    })
    .describe(description);
}

/** What a parser gives for text that is not of its form: why. */
export interface Wrong {
  wrong: string;
}

/** A string that `parse` turns into something else, or says what is wrong with it; `pattern` is for editors alone. */
export function explained<T extends object>(
  pattern: RegExp,
  parse: (text: string) => T | Wrong,
  expected: string,
  description: string,
) {
  return z
    .string({ error: `expected ${expected}` })
    .meta({ pattern: pattern.source })
    .transform((value, context): T => {
      const result = parse(value);
      if (!('wrong' in result)) return result;
      context.addIssue(`expected ${expected}; ${result.wrong}`);
      return z.NEVER;
    })
    .describe(description);
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
