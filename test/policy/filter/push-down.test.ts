import { expect, test } from 'vitest';
import { parseFilter } from '../../../src/policy/filter/parser.ts';
import { namesOf, pathsOf } from '../../../src/policy/filter/paths.ts';
import { pushDown } from '../../../src/policy/filter/push-down.ts';

const repeated = (count: number, filter: string): string => Array.from({ length: count }, () => filter).join(' OR ');

test('every name and value becomes a placeholder, once', () => {
  const filter = `name = 'x' AND (NOT begins_with("odd.name".name, 'x') OR size(a[1]) > 1.0) AND b IN (1, <<2>>)`;
  expect(pushDown(parseFilter(filter))).toEqual({
    FilterExpression: '#0 = :0 AND (NOT begins_with(#1.#0, :0) OR size(#2[1]) > :1) AND #3 IN (:1, :2)',
    ExpressionAttributeNames: { '#0': 'name', '#1': 'odd.name', '#2': 'a', '#3': 'b' },
    ExpressionAttributeValues: { ':0': { S: 'x' }, ':1': { N: '1E0' }, ':2': { NS: ['2E0'] } },
  });
});

test('a filter without values has no ExpressionAttributeValues, which DynamoDB would refuse empty', () => {
  expect(pushDown(parseFilter('attribute_exists(a)'))).toEqual({
    FilterExpression: 'attribute_exists(#0)',
    ExpressionAttributeNames: { '#0': 'a' },
  });
});

test('what exceeds 300 operators is not pushed down; size counts as one', () => {
  expect(pushDown(parseFilter(repeated(150, 'a = 1')))).toBeDefined();
  expect(pushDown(parseFilter(repeated(151, 'a = 1')))).toBeUndefined();
  expect(pushDown(parseFilter(repeated(100, 'size(a) = 1')))).toBeDefined();
  expect(pushDown(parseFilter(repeated(101, 'size(a) = 1')))).toBeUndefined();
});

test('what exceeds 4 KB is not pushed down', () => {
  expect(pushDown(parseFilter(repeated(140, 'attribute_not_exists(a)')))).toBeDefined();
  expect(pushDown(parseFilter(repeated(150, 'attribute_not_exists(a)')))).toBeUndefined();
});

test('more than 100 values of IN are not pushed down', () => {
  const values = (count: number): string => Array.from({ length: count }, (_, index) => index).join(', ');
  expect(pushDown(parseFilter(`a IN (${values(100)})`))).toBeDefined();
  expect(pushDown(parseFilter(`a IN (${values(101)})`))).toBeUndefined();
});

test('the paths and top-level names of a filter, each once and in order', () => {
  const condition = parseFilter(`b.x[0] = 'y' AND (a > 1 OR NOT contains(b.x[0], size(b.z))) AND attribute_exists(a)`);
  expect(namesOf(condition)).toEqual(['b', 'a']);
  expect(pathsOf(condition).map((path) => [path.name, path.steps])).toEqual([
    ['b', [{ name: 'x' }, { index: 0 }]],
    ['a', []],
    ['b', [{ name: 'z' }]],
  ]);
});
