import { describe, expect, test } from 'vitest';
import { ItemView, NameTable } from '../../../src/model/item.ts';
import { compileFilter } from '../../../src/policy/filter/compile.ts';
import { parseFilter } from '../../../src/policy/filter/parser.ts';
import { namesOf } from '../../../src/policy/filter/paths.ts';

/** Whether the item, given as DynamoDB JSON text, passes. */
function passes(filter: string, json: string): boolean {
  const condition = parseFilter(filter);
  const view = new ItemView(new NameTable(namesOf(condition)));
  view.read(Buffer.from(json), 0);
  return compileFilter(condition, view.names)(view);
}

/** What DynamoDB does where people would guess otherwise. The oracle test says the same of random filters; these stay when it cannot run. */
const cases: [filter: string, item: string, passes: boolean][] = [
  ['a = 1', '{}', false],
  ['a <> 1', '{}', true],
  ['NOT a = 1', '{}', true],
  ['a <> b', '{}', true],
  ['a < 1', '{}', false],
  ['NOT a < 1', '{}', true],
  ["a = '1'", '{"a":{"N":"1"}}', false],
  ["a < '2'", '{"a":{"N":"1"}}', false],
  ["NOT a < '2'", '{"a":{"N":"1"}}', true],
  ['a = 1', '{"a":{"N":"1.0"}}', true],
  ['a = 0', '{"a":{"N":"-0"}}', true],
  ['a < 12345678901234567890123456789012345679', '{"a":{"N":"12345678901234567890123456789012345678"}}', true],
  ['a > 0.3', '{"a":{"N":"0.30000000000000004"}}', true],
  ['a > -1.5', '{"a":{"N":"-1.25"}}', true],
  ["a < '😀'", '{"a":{"S":"\uff5e"}}', true],
  ["a < 'b'", '{"a":{"S":"B"}}', true],
  ["a > x'7f'", '{"a":{"B":"gA=="}}', true],
  ["a = 'China'", '{"a":{"S":"\\u0043hina"}}', true],
  ["a = 'China'", '{"a":{"S":"Chin"}}', false],
  ["a = 'China'", '{"a":{"S":"Chinatown"}}', false],
  ["a = 'China'", '{ "a" : { "S" : "China" } }', true],
  ["a = 'x\"y'", '{"a":{"S":"x\\"y"}}', true],
  ["begins_with(a, '中')", '{"a":{"S":"\\u4e2d\\u56fd"}}', true],
  ["begins_with(a, '')", '{"a":{"S":""}}', true],
  ['a = <<1, 2>>', '{"a":{"NS":["2.0","1"]}}', true],
  ["a = {'x': 1, 'y': [true]}", '{"a":{"M":{"y":{"L":[{"BOOL":true}]},"x":{"N":"1E0"}}}}', true],
  ["contains(a, 'b')", '{"a":{"SS":["ab","b"]}}', true],
  ["contains(a, 'b')", '{"a":{"SS":["ab"]}}', false],
  ['contains(a, <<1>>)', '{"a":{"NS":["1"]}}', false],
  ['contains(a, [1])', '{"a":{"L":[{"L":[{"N":"1.0"}]}]}}', true],
  ["contains('abc', a)", '{"a":{"S":"bc"}}', true],
  ['size(a) = 2', '{"a":{"S":"😀"}}', true],
  ['size(a) = 2', '{"a":{"B":"AAE="}}', true],
  ['size(a) >= 0', '{"a":{"N":"5"}}', false],
  ['size(a) <> 1', '{"a":{"N":"5"}}', true],
  ['a BETWEEN b AND 5', '{"a":{"N":"3"},"b":{"S":"1"}}', false],
  ['a IN (b, null)', '{"a":{"NULL":true}}', true],
  ['a.b[1].c = true', '{"a":{"M":{"b":{"L":[{"S":""},{"M":{"c":{"BOOL":true}}}]}}}}', true],
  ['a[0] <> 1', '{"a":{"SS":["x"]}}', true],
  ['attribute_exists(a.b)', '{"a":{"S":"b"}}', false],
  ['attribute_exists(a)', '{"a":{"NULL":true}}', true],
  ["attribute_type(a, 'NULL')", '{}', false],
  ['"a\nb" = 1', '{"a\\nb":{"N":"1"}}', true],
  ['m."x""y" = 1', '{"m":{"M":{"x\\"y":{"N":"1"}}}}', true],
];

describe('a filter means what DynamoDB means by it', () => {
  test.each(cases)('%s on %s', (filter, item, expected) => {
    expect(passes(filter, item)).toBe(expected);
  });
});

test('a name table without a name of the filter is refused, since nothing would ever pass', () => {
  expect(() => compileFilter(parseFilter('a = 1'), new NameTable(['b']))).toThrow(RangeError);
});

test('one compiled filter serves item after item', () => {
  const condition = parseFilter("country = 'China' AND attribute_exists(email)");
  const view = new ItemView(new NameTable(namesOf(condition)));
  const filter = compileFilter(condition, view.names);
  const page = Buffer.from(
    '{"country":{"S":"China"},"email":{"S":"x"}}{"country":{"S":"China"}}{"email":{"S":"x"}}{"email":{"NULL":true},"country":{"S":"China"}}',
  );
  const verdicts: boolean[] = [];
  for (let at = 0; at < page.length;) {
    at = view.read(page, at);
    verdicts.push(filter(view));
  }
  expect(verdicts).toEqual([true, false, false, true]);
});
