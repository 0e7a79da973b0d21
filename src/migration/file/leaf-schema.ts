import { z } from 'zod';
import { parseS3Uri, type S3Location } from './s3-uri.ts';

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

/** An `s3://bucket/prefix/` URI. */
export function s3Uri(expected: string, description: string) {
  return z
    .string({ error: `expected ${expected}` })
    .meta({ pattern: '^s3://[a-z0-9]' })
    .transform((value, context): S3Location => {
      const location = parseS3Uri(value);
      if (!('wrong' in location)) return location;
      context.addIssue(`expected ${expected}; ${location.wrong}`);
      return z.NEVER;
    })
    .describe(description);
}

/** `a, b or c`. */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
