import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseGlob } from '../../../src/copy/scope/glob.ts';

function matches(pattern: string, key: string): boolean {
  const glob = parseGlob(pattern);
  if ('wrong' in glob) throw new Error(glob.wrong);
  return glob.matches(key);
}

function wrongWith(pattern: string): string {
  const glob = parseGlob(pattern);
  return 'wrong' in glob ? glob.wrong : 'nothing';
}

describe('a pattern', () => {
  test.each<[pattern: string, takes: string[], refuses: string[]]>([
    ['*.csv', ['a.csv', '.csv', 'a b.csv', '..csv'], ['a/b.csv', 'a.csv2', 'a.csv/', '/a.csv']],
    ['**/*.csv', ['a.csv', 'a/b.csv', '/b.csv', 'a//b.csv', '.hidden/x.csv'], ['a/b.csv/', 'acsv']],
    ['logs/', ['logs/', 'logs/a', 'logs//a', 'logs/a/b/'], ['logs', 'logs2/a', 'x/logs/a']],
    ['logs/**', ['logs/', 'logs/a/b'], ['logs']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a//b'], ['ab', 'a/xb', 'x/a/b']],
    ['a**b', ['ab', 'a/x/b', 'axb'], ['a/x/bc']],
    ['**', ['', 'a', '/', 'a//b/', '\n'], []],
    ['*', ['', 'a', '.'], ['/', 'a/']],
    ['a?c', ['abc', 'a c', 'a😀c', 'a.c'], ['ac', 'a/c', 'abbc']],
    ['[a-c0]x', ['ax', 'cx', '0x'], ['dx', 'x', '/x']],
    ['[!a-c]x', ['dx', '😀x', '-x'], ['ax', '/x', 'x']],
    ['[^a]', ['b'], ['a']],
    ['[]a]', [']', 'a'], ['b']],
    ['[\\]a-]', [']', 'a', '-'], ['\\', 'b']],
    ['{a,b/c,}.txt', ['a.txt', 'b/c.txt', '.txt'], ['c.txt']],
    ['x{1{a,b},2}', ['x1a', 'x1b', 'x2'], ['x1', 'x1a2']],
    ['[{,}]', ['{', ',', '}'], ['a']],
    ['\\*\\{\\[', ['*{['], ['a{[']],
    ['a+(b)@!c', ['a+(b)@!c'], ['abc']],
    ['./a', ['./a'], ['a']],
    ['größe/*', ['größe/😀'], ['grosse/x']],
  ])('%s', (pattern, takes, refuses) => {
    for (const key of takes) expect([key, matches(pattern, key)]).toEqual([key, true]);
    for (const key of refuses) expect([key, matches(pattern, key)]).toEqual([key, false]);
  });

  test.each([
    ['', /empty/],
    ['a[b', /\[ is never closed/],
    ['[b-a]', /backwards/],
    ['a{b,c', /\{ is never closed/],
    ['{a}', /no alternatives/],
    ['a\\', /escapes nothing/],
    ['{a,b}'.repeat(10), /more than 1000/],
  ])('%s is refused', (pattern, why) => expect(wrongWith(pattern)).toMatch(why));

  test('takes no time that grows with the stars in it', () => {
    const startedMs = performance.now();
    expect(matches('*a*a*a*a*a*a*a*a*b', 'a'.repeat(1024))).toBe(false);
    expect(matches('**/a/**/a/**/a/**/b', 'a/'.repeat(512))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  test('means what the same regular expression means', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '/', '*', '**', '**/', '?', '[ab]', '[!a]'), { maxLength: 8 });
    const key = fc.array(fc.constantFrom('a', 'b', '/', 'c'), { maxLength: 10 });
    fc.assert(
      fc.property(pattern, key, (parts, letters) => {
        const text = parts.join('');
        fc.pre(text !== '' && !text.includes('***'));
        expect(matches(text, letters.join(''))).toBe(asRegExp(text).test(letters.join('')));
      }),
      { numRuns: 20_000 },
    );
  });
});

/** Written from what the documentation says of patterns. */
function asRegExp(pattern: string): RegExp {
  const whole = pattern.endsWith('/') ? `${pattern}**` : pattern;
  const source = whole.replace(/(?<=^|\/)\*\*\/|\*\*|\*|\?|\[!a\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    return { '**': '.*', '*': '[^/]*', '?': '[^/]', '[!a]': '[^a/]' }[part]!;
  });
  return new RegExp(`^${source}$`, 's');
}
