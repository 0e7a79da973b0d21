import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTransferFile } from '../../../src/copy/file/parse.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { example } from './examples.ts';

/** Pieces that YAML and transfer files are made of. */
const piece = fc.oneof(
  fc.constantFrom(
    '\n',
    '\n  ',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '#',
    '&a ',
    '*a',
    '!x ',
    '---\n',
    '<<',
    '\0',
    '~',
    '\ud800',
  ),
  fc.constantFrom(
    'source',
    'target',
    'url',
    'prefixes',
    'limits',
    'bandwidth',
    'tags',
    'metadata',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(
    's3://b',
    'env:X_',
    '1',
    '5 MiB',
    '24:00-24:00 UTC',
    '2026-01-01',
    '7d',
    '**',
    '{a,b}',
    '[',
    'anonymous',
  ),
  fc.string({ maxLength: 5, unit: 'binary' }),
);

/** The example with some of its text cut out or overwritten. */
const damaged = fc
  .array(fc.tuple(fc.nat(example.length), fc.nat(8), piece), { minLength: 1, maxLength: 4 })
  .map((edits) => edits.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), example));

test('any text is either taken or refused with CONFIG_INVALID', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(damaged, (text) => {
      try {
        expect(parseTransferFile(text, 't.yaml', { env: { HOME: '/nowhere' } }).name).not.toBe('');
        taken++;
      } catch (error) {
        if (!(error instanceof DynaferryError)) throw error;
        expect(error.code).toBe('CONFIG_INVALID');
        expect(error.message).toMatch(/^t\.yaml:(?:[1-9]\d*:[1-9]\d*:| this describes a migration)/);
        refused++;
      }
    }),
    { numRuns: 2000 },
  );
  // Both must happen, or the pieces no longer fit the format.
  expect(Math.min(taken, refused)).toBeGreaterThan(0);
});
