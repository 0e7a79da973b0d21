import { z } from 'zod';
import { isNumber } from '../model/number.ts';

/** Where a rule's key lies. */
const keyReference = z
  .string()
  .regex(/^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/, 'expected env:NAME or file:PATH')
  .describe(
    'Where the key lies: env:NAME, a variable of the environment, or file:PATH, counted from the folder of migration.yaml. At least 16 bytes.',
  );

const keyed = z.strictObject({ key: keyReference });
const count = z.int().min(0).max(400_000);
const maskSchema = z.union(
  [
    z
      .enum(['email', 'phone'])
      .describe('email keeps the first character and the domain; phone keeps punctuation and the last four digits.'),
    z
      .strictObject({
        keepFirst: count.optional().describe('How many characters stay at the beginning.'),
        keepLast: count.optional().describe('How many characters stay at the end.'),
        pattern: z
          .string()
          .min(1)
          .refine(hidesSomething, 'expected a regular expression that does not match the empty string')
          .optional()
          .describe('A JavaScript regular expression; every match is replaced. A value without a match is refused.'),
        with: z
          .string()
          .max(100)
          .optional()
          .describe('What stands in place of each hidden character (default *), or of each match of the pattern.'),
      })
      .check(({ value, issues }) => {
        const expected = (path: string, message: string): number =>
          issues.push({ code: 'custom', input: value, path: [path], message: `expected ${message}` });
        const ends = value.keepFirst !== undefined || value.keepLast !== undefined;
        if (value.pattern !== undefined && ends) expected('pattern', 'either a pattern, or keepFirst and keepLast');
        if (value.pattern !== undefined && value.with === undefined)
          expected('with', 'what stands in place of a match');
        if (value.pattern === undefined && value.with === '') expected('with', 'at least one character');
      })
      .describe('Hides all but the ends, and a value that the ends would cover whole; or what a pattern matches.'),
  ],
  { error: 'expected email, phone, { keepFirst, keepLast, with } or { pattern, with }' },
);

const truncateSchema = z
  .strictObject({
    length: count.optional().describe('How many characters of a string stay.'),
    digits: count
      .optional()
      .describe('How many letters and digits stay, as of a postal code; each digit behind them becomes 0.'),
    to: z.enum(['year', 'month', 'day']).optional().describe('What stays of a date.'),
    unit: z
      .enum(['seconds', 'milliseconds'])
      .optional()
      .describe('With to: what a date that is a number counts since 1970. Default seconds'),
  })
  .check(({ value, issues }) => {
    const given = [value.length, value.digits, value.to].filter((setting) => setting !== undefined).length;
    if (given === 1 && (value.unit === undefined || value.to !== undefined)) return;
    const message = 'expected one of length, digits and to; unit goes with to';
    issues.push({ code: 'custom', input: value, path: [Object.keys(value)[0] ?? 'length'], message });
  });

const generaliseSchema = z.strictObject({
  step: z
    .union([z.number(), z.string()])
    .refine((step) => isNumber(String(step)) && Number(step) > 0, 'expected a number greater than 0')
    .describe('Numbers are rounded down to a multiple of it.'),
});

const encryptSchema = z.strictObject({
  key: keyReference,
  as: z.enum(['B', 'S']).optional().describe('Type of the encrypted value: binary, or a string in base64. Default B'),
});

const functionSchema = z.strictObject({
  file: z.string().min(1).describe('A TypeScript or JavaScript file, counted from the folder of migration.yaml.'),
  export: z.string().min(1).optional().describe('Name of the exported function. Default: default'),
  deterministic: z.boolean().optional().describe('The same value always gives the same result. Default true'),
  keepsUniqueness: z.boolean().optional().describe('Different values never give the same result. Default false'),
  reversible: z.boolean().optional().describe('The value can be got back from the result. Default false'),
  keepsType: z.boolean().optional().describe('The result has the type of the value; enforced. Default false'),
});

/** The treatments, of which a rule has at most one. */
const treatments = {
  set: z
    .union([z.string(), z.number(), z.boolean(), z.null(), z.record(z.string(), z.unknown())])
    .optional()
    .describe(
      'Replaces the value by a literal: a string, number, true, false, null, or DynamoDB JSON such as {"N": "1"}.',
    ),
  mask: maskSchema.optional().describe('Hides part of a string or number.'),
  hash: keyed.optional().describe('Replaces the value by its HMAC-SHA-256 in hex.'),
  tokenize: keyed.optional().describe('Replaces the value by another one of the same form.'),
  truncate: truncateSchema.optional().describe('Keeps the beginning of a string, a postal code or a date.'),
  generalise: generaliseSchema.optional().describe('Rounds a number down.'),
  encrypt: encryptSchema.optional().describe('Encrypts the value with AES-256-GCM.'),
  function: functionSchema.optional().describe("Gives the value to a function of the user's own."),
};

const treatmentNames = Object.keys(treatments) as (keyof typeof treatments)[];

/** What becomes of one attribute. */
export const ruleSchema = z.union(
  [
    z.enum(['keep', 'drop']).describe('keep lets the attribute through as it is; drop leaves it out.'),
    z
      .strictObject({ ...treatments, rename: z.string().min(1).optional().describe('The name at the target.') })
      .check(({ value, issues }) => {
        const given = treatmentNames.filter((name) => value[name] !== undefined);
        if (given.length > 1)
          issues.push({
            code: 'custom',
            input: value,
            path: [given[1]],
            message: `expected one of ${treatmentNames.join(', ')}; only rename goes with another`,
          });
      }),
  ],
  { error: 'expected keep, drop, or a rule such as { mask: email }' },
);

/** One rule as it stands in migration.yaml. */
export type RuleSpec = z.output<typeof ruleSchema>;

function hidesSomething(pattern: string): boolean {
  try {
    return !new RegExp(pattern, 'u').test('');
  } catch {
    return false;
  }
}
