import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAttributePath, parseAttributePath } from '../../src/policy/attribute-path.ts';

test('reads what it writes, whatever the names hold', () => {
  const name = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.stringMatching(/^[a."[\] -]{1,6}$/));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
      expect(parseAttributePath(formatAttributePath(names))).toEqual(names);
    }),
  );
});

test.each([
  ['first name', ['first name']],
  ['a.b', ['a', 'b']],
  ['"a.b".c', ['a.b', 'c']],
  ['"say ""hi"""', ['say "hi"']],
])('%s', (text, names) => {
  expect(parseAttributePath(text)).toEqual(names);
});

test.each(['', '.a', 'a.', 'a..b', '""', '"a', '"a"b', 'a[0]', 'a"b', 'a]'])('refuses %j', (text) => {
  expect(() => parseAttributePath(text)).toThrow(/attributes: /);
});
