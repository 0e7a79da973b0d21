import { describe, expect, test } from 'vitest';
import { DynaferryError } from '../../../src/model/errors.ts';
import { canonicalText } from '../../../src/policy/filter/canonical-text.ts';
import { parseFilter } from '../../../src/policy/filter/parser.ts';

function refusal(text: string): string {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof DynaferryError && error.code === 'POLICY_INVALID') return error.message;
    throw error;
  }
  throw new Error(`not refused: ${text}`);
}

/** The text that the caret points at, from its column to the end of the line. */
function pointedAt(message: string): string {
  const [line, caret] = message.split('\n').slice(-2);
  return line.slice(caret.indexOf('^'));
}

test('the caret stands under the spot, in the line that has it', () => {
  expect(refusal("country = 'China' AND\n  email == 'x'")).toBe(
    ["policy.filter, line 2: there is no '=='; write '='", "    email == 'x'", '          ^'].join('\n'),
  );
});

test('the caret keeps its place behind tabs and characters of two columns', () => {
  expect(refusal("\t'中国' = a AND b == 1").split('\n').slice(1)).toEqual([
    "  \t'中国' = a AND b == 1",
    `  \t \u3000\u3000${' '.repeat(12)}^`,
  ]);
});

test('of a very long line only the surroundings of the spot are shown', () => {
  const message = refusal(`a = '${'x'.repeat(5000)}' AND b == 1 AND c = '${'y'.repeat(5000)}'`);
  expect(message.length).toBeLessThan(400);
  expect(pointedAt(message)).toMatch(/^== 1 AND c = 'y+…$/);
});

const refused: [what: string, filter: string, spot: string, says: RegExp][] = [
  ['a double equals sign', 'a == 1', '== 1', /write '='/],
  ['!=', 'a != 1', '!= 1', /write '<>'/],
  ['&&', 'a = 1 && b = 2', '&& b = 2', /write 'AND'/],
  ['||', 'a = 1 || b = 2', '|| b = 2', /write 'OR'/],
  ['!', '!attribute_exists(a)', '!attribute_exists(a)', /write 'NOT'/],
  ['a text in double quotes', 'country = "China"', '"China"', /double quotes mean an attribute name.*write 'China'/],
  ['a text in double quotes in a function', 'contains(tags, "x")', '"x")', /write 'x'/],
  ['a string that does not end', "a = 'it''s", "'it''s", /does not end/],
  ['typographic quotes', 'a = ‘x’', '‘x’', /write '/],
  ['a name with a hyphen', "first-name = 'x'", "-name = 'x'", /write "first-name"/],
  ['a name that begins with a digit', '1a = 3', '1a = 3', /write "1a"/],
  ['a name with a hyphen and a digit', 'line-2 = 3', '-2 = 3', /write "line-2"/],
  ['a name beyond ASCII', "住所 = 'x'", "住所 = 'x'", /write "住所"/],
  ['a placeholder for a value', 'a = :v', ':v', /no placeholders/],
  ['a placeholder for a name', '#a = 1', '#a = 1', /no placeholders/],
  ['a function in the wrong case', 'Size(a) > 1', 'Size(a) > 1', /write 'size'/],
  ['a function misspelt', "begin_with(a, 'x')", "begin_with(a, 'x')", /write 'begins_with'/],
  ['an unknown function', 'frobnicate(a)', 'frobnicate(a)', /the functions are attribute_exists/],
  ['a condition used as a value', 'attribute_exists(a) = true', '= true', /is a condition/],
  ['a condition inside an operand', 'a = contains(b, 1)', 'contains(b, 1)', /is a condition/],
  ['LIKE', "a LIKE 'x%'", "LIKE 'x%'", /begins_with/],
  ['IS NULL', 'a IS NULL', 'IS NULL', /attribute_not_exists/],
  ['NOT IN', 'a NOT IN (1)', 'NOT IN (1)', /NOT a IN/],
  ['an attribute alone', 'active AND b = 1', 'AND b = 1', /name = true/],
  ['no right side', 'a = 1 AND b =', '', /expected a value/],
  ['a keyword as a name', 'a = and', 'and', /write "and"/],
  ['an empty IN', 'a IN ()', ')', /expected a value/],
  ['a parenthesis that is not closed', '(a = 1 OR b = 2', '(a = 1 OR b = 2', /never closed/],
  ['a parenthesis too many', 'a = 1)', ')', /has no '\('/],
  ['two conditions without a word between', 'a = 1 b = 2', 'b = 2', /expected AND, OR or the end/],
  ['a chain of comparisons', '1 < a < 3', '< 3', /BETWEEN/],
  ['too many arguments', 'attribute_exists(a, b)', ', b)', /no more arguments/],
  ['too few arguments', 'begins_with(a)', ')', /what begins_with looks for/],
  ['a literal where a path is wanted', "attribute_exists('a')", "'a')", /expected an attribute name/],
  ['a type in words', "attribute_type(a, 'string')", "'string')", /write 'S'/],
  ['an unknown type', "attribute_type(a, 'x')", "'x')", /write one of 'S', 'N'/],
  ['an index with a leading zero', 'a[01] = 1', '01] = 1', /list index/],
  ['a negative index', 'a[-1] = 1', '-1] = 1', /list index/],
  ['a map entry in brackets', "a['x'] = 1", "'x'] = 1", /\."x"/],
  ['a number of 39 digits', `a = ${'1'.repeat(39)}`, '1'.repeat(39), /38 significant digits/],
  ['a number that is too large', 'a = 1E126', '1E126', /38 significant digits/],
  ['an empty set', 'a = <<>>', '<<>>', /no empty sets/],
  ['a set of two types', "a = <<1, '1'>>", "'1'>>", /all have one type/],
  ['a member twice, by value', 'a = <<1, 1.0>>', '1.0>>', /each member once/],
  ['a set of booleans', 'a = <<true>>', 'true>>', /not BOOL/],
  ['an odd number of hexadecimal digits', "a = x'ABC'", "x'ABC'", /pairs of hexadecimal/],
  ['an empty name', '"" = 1', '"" = 1', /cannot be empty/],
  ['nesting without end', `${'('.repeat(200)}a = 1`, `${'('.repeat(80)}…`, /100 levels/],
  ['a literal nested too deep', `a = ${'['.repeat(40)}`, '['.repeat(8), /32 deep/],
  ['a path too long', `a${'.b'.repeat(32)} = 1`, '.b = 1', /at most 32/],
];

describe('a filter that is not of the grammar is refused at the spot, with what to write', () => {
  test.each(refused)('%s', (_what, filter, spot, says) => {
    const message = refusal(filter);
    expect(message).toMatch(says);
    expect(pointedAt(message)).toBe(spot);
  });
});

/** DynamoDB itself answers these with a ValidationException. */
const refusedByDynamoDb: [filter: string, spot: string, says: RegExp][] = [
  ['a < true', 'true', /not BOOL/],
  ["a >= {'x': 1}", "{'x': 1}", /not M/],
  ['[1] < a', '[1] < a', /not L/],
  ['a BETWEEN <<1>> AND <<2>>', '<<1>> AND <<2>>', /not NS/],
  ['a BETWEEN 5 AND 1', '5 AND 1', /swap them/],
  ["a BETWEEN '😀' AND '\uff5e'", "'😀' AND '\uff5e'", /swap them/],
  ["a BETWEEN 1 AND '2'", "'2'", /different types/],
  ['a = a', 'a', /same path/],
  ['a.b[0] <> "a".b[0]', '"a".b[0]', /same path/],
  ['a IN (b, a)', 'a)', /same path/],
  ['begins_with(a, 5)', '5)', /not N.*single quotes/],
  ['begins_with(a, size(b))', 'size(b))', /size is a number/],
  ["'a' = 'b'", "'a' = 'b'", /same for every item/],
  ["1 IN (1, '2')", "1 IN (1, '2')", /same for every item/],
  ['contains(size(a), 1)', 'size(a), 1)', /size is a number/],
  ['contains(5, a)', '5, a)', /not N/],
];

describe('a filter that DynamoDB would refuse for every item, or that says the same of every item, is refused', () => {
  test.each(refusedByDynamoDb)('%s', (filter, spot, says) => {
    const message = refusal(filter);
    expect(message).toMatch(says);
    expect(pointedAt(message)).toBe(spot);
  });
});

test('an empty filter says how to let every item pass', () => {
  expect(refusal('  \n')).toMatch(/leave it out/);
});

test('a filter that is too long is refused, not parsed', () => {
  expect(refusal(`a = 1${' OR a = 1'.repeat(10_000)}`)).toMatch(/at most 65536 characters/);
});

const accepted: [what: string, filter: string, canonical: string][] = [
  ['a quote inside a string', "a = 'it''s'", `"a" = 'it''s'`],
  ['a quote inside a name', '"x""y" = 1', `"x""y" = 1E0`],
  ['reserved words of DynamoDB as names', "name = 'x' AND year > 3", `"name" = 'x' AND "year" > 3E0`],
  ['function names as names', 'size > 3 AND contains = 1', `"size" > 3E0 AND "contains" = 1E0`],
  ['keywords behind a dot', 'a.and.null = 1', `"a"."and"."null" = 1E0`],
  ['keywords in any case', 'a between 1 And 2 oR NoT b iN (TRUE, Null)', `"a" BETWEEN 1E0 AND 2E0 OR NOT "b" IN (true, null)`],
  ['AND before OR', 'a = 1 OR b = 2 AND c = 3', `"a" = 1E0 OR "b" = 2E0 AND "c" = 3E0`],
  ['parentheses', '(a = 1 OR b = 2) AND c = 3', `("a" = 1E0 OR "b" = 2E0) AND "c" = 3E0`],
  ['needless parentheses', '((a = 1) AND (b = 2)) AND (c = 3)', `"a" = 1E0 AND "b" = 2E0 AND "c" = 3E0`],
  ['NOT before AND', 'NOT a = 1 AND b = 2', `NOT "a" = 1E0 AND "b" = 2E0`],
  ['paths', 'address . country = tags[0][12]', `"address"."country" = "tags"[0][12]`],
  ['no spaces', 'a<>-1 AND(b=<<1>>)OR<<1>>=c', `"a" <> -1E0 AND "b" = <<1E0>> OR <<1E0>> = "c"`],
  ['sets by value and in order', 'a = <<10, 2.0>>', `"a" = <<1E1, 2E0>>`],
  ['binary', "a = X'00fF'", `"a" = x'00ff'`],
  ['lists and maps', "a = [1, {'k': <<'b','a'>>}, []]", `"a" = [1E0, {'k': <<'a', 'b'>>}, []]`],
  ['two names in double quotes', '"a" = "b"', `"a" = "b"`],
]; // prettier-ignore

describe('a valid filter has one canonical text', () => {
  test.each(accepted)('%s', (_what, filter, canonical) => {
    expect(canonicalText(parseFilter(filter))).toBe(canonical);
    expect(canonicalText(parseFilter(canonical))).toBe(canonical);
  });
});
