import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMigrationFile } from '../../../src/migration/file/parse.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { example } from './examples.ts';

/** Pieces that YAML and migration files are made of. */
const piece = fc.oneof(
  fc.constantFrom(
    '\n',
    '\n  ',
    '\n    ',
    ': ',
    '- ',
    '? ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '|',
    '>',
    '|-\n ',
    '#',
    '&a ',
    '*a',
  ),
  fc.constantFrom(
    '!!set ',
    '!x ',
    '%YAML 1.2\n',
    '---\n',
    '...\n',
    '<<',
    '\t',
    '\r',
    '\r\n',
    '\uFEFF',
    '\0',
    '\\',
    '${X}',
    '~',
    '.inf',
  ),
  fc.constantFrom(
    'version',
    'source',
    'target',
    'policy',
    'attributes',
    'load',
    'mode',
    'newer',
    'limits',
    'key',
    '__proto__',
  ),
  fc.constantFrom(
    'constructor',
    'toString',
    '1',
    '1e400',
    '0x1F',
    'true',
    'null',
    '50%',
    's3://b',
    'env:X_',
    '2001-01-01',
    '\ud800',
  ),
  fc.string({ maxLength: 5, unit: 'binary' }),
);
const yamlish = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

/** The example with some of its text cut out or overwritten. */
const damaged = fc
  .array(fc.tuple(fc.nat(example.length), fc.nat(8), fc.oneof(piece, yamlish)), { minLength: 1, maxLength: 4 })
  .map((edits) => edits.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), example));

test('any text is either taken or refused with CONFIG_INVALID, line and column', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(yamlish, damaged), (text) => {
      try {
        expect(parseMigrationFile(text, 'm.yaml').name).not.toBe('');
        taken++;
      } catch (error) {
        if (!(error instanceof DynaferryError)) throw error;
        expect(['CONFIG_INVALID', 'POLICY_INVALID']).toContain(error.code);
        expect(error.message).toMatch(/^m\.yaml:[1-9]\d*:[1-9]\d*: /);
        refused++;
      }
    }),
    { numRuns: 3000 },
  );
  // Both must happen, or the pieces no longer fit the format.
  expect(Math.min(taken, refused)).toBeGreaterThan(0);
});
