import { expect, test } from 'vitest';
import { MalformedJson } from '../../src/model/json-bytes.ts';
import { isAttributeValue, readAttributeValue } from '../../src/policy/value-json.ts';

test.each([
  { S: '' },
  { N: '-1.5e3' },
  { B: '' },
  { B: 'AA==' },
  { BOOL: false },
  { NULL: true },
  { SS: ['a'] },
  { NS: ['1', '2'] },
  { BS: ['AA=='] },
  { L: [] },
  { M: {} },
  { M: { a: { L: [{ S: 'x' }] } } },
])('%j is a value', (value) => {
  expect(isAttributeValue(value)).toBe(true);
});

test.each([
  undefined,
  null,
  'x',
  [],
  {},
  { S: 1 },
  { S: 'x', N: '1' },
  { N: 1 },
  { N: 'x' },
  { B: 'A' },
  { B: 'é' },
  { BOOL: 'true' },
  { NULL: false },
  { SS: [] },
  { SS: ['a', 'a'] },
  { SS: [1] },
  { NS: ['x'] },
  { L: {} },
  { L: ['x'] },
  { M: [] },
  { M: { a: 'x' } },
  { X: 'x' },
])('%j is none', (value) => {
  expect(isAttributeValue(value)).toBe(false);
});

test('damaged JSON is reported without quoting it', () => {
  const bytes = Buffer.from('{"S":"canary"oops}');
  const read = (): unknown => readAttributeValue(bytes, 0, bytes.length);
  expect(read).toThrow(MalformedJson);
  expect(read).not.toThrow(/canary/);
});
