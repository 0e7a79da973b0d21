import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryItem, profile, writers, type Item, type Value } from './items.ts';

function sizeOf(item: Item): number {
  return profile([JSON.stringify(item)]).sizes[0];
}

/** The rules of the developer guide once more, on parsed objects. */
function sizeByTheGuide(value: Value): number {
  const [[type, content]] = Object.entries(value);
  const list = content as never[];
  switch (type) {
    case 'S':
      return Buffer.byteLength(content as string);
    case 'N':
      return numberByTheGuide(content as string);
    case 'B':
      return Buffer.from(content as string, 'base64').length;
    case 'BOOL':
    case 'NULL':
      return 1;
    case 'L':
      return list.reduce((sum, element) => sum + 1 + sizeByTheGuide(element), 3);
    case 'M':
      return Object.entries(content as Item).reduce(
        (sum, [name, entry]) => sum + 1 + Buffer.byteLength(name) + sizeByTheGuide(entry),
        3,
      );
    default:
      return list.reduce((sum, member) => sum + sizeByTheGuide({ [type[0]]: member }), 0);
  }
}

/** Digits in pairs from the decimal point on, written out in full. */
function numberByTheGuide(text: string): number {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:E(-?\d+))?$/.exec(text) ?? [];
  const padding = '0'.repeat(200);
  const digits = padding + whole + fraction + padding;
  const point = padding.length + whole.length + Number(power);
  const even = point % 2 === 0 ? digits : `0${digits}`;
  const pairs = (even.match(/../g) ?? []).join(' ').replace(/^(00 ?)+|( ?00)+$/g, '');
  if (pairs === '') return 1;
  return pairs.split(' ').length + 1 + sign.length;
}

describe('item size', () => {
  test('a string counts its name and its UTF-8 bytes', () => {
    expect(sizeOf({ name: { S: 'abc' } })).toBe(4 + 3);
    expect(sizeOf({ 名前: { S: 'é' } })).toBe(6 + 2);
    expect(sizeOf({ n: { S: '' } })).toBe(1);
  });

  test('escapes in the JSON count as the text that they stand for', () => {
    expect(profile(['{"n":{"S":"\\n\\u00e9\\ud83d\\ude00\\/"}}']).sizes).toEqual([1 + 1 + 2 + 4 + 1]);
  });

  test.each([
    ['0', 1],
    ['7', 2],
    ['-7', 3],
    ['12', 2],
    ['123', 3],
    ['100', 2],
    ['0.00100', 2],
    ['1.5', 3],
    ['1.5E10', 3],
    ['1.5E11', 2],
    ['0.012', 3],
    ['00120.3400', 4],
    ['-123.45', 5],
    ['12345678901234567890123456789012345678', 20],
  ])('the number %s takes %i bytes: one for a pair of digits, one more, and one for the sign', (text, bytes) => {
    expect(sizeOf({ n: { N: text } })).toBe(1 + bytes);
  });

  test('binary counts its raw bytes', () => {
    expect(sizeOf({ b: { B: Buffer.alloc(10).toString('base64') } })).toBe(1 + 10);
    expect(profile(['{"b":{"B":"\\/\\/8="}}']).sizes).toEqual([1 + 2]);
  });

  test('BOOL and NULL take one byte', () => {
    expect(sizeOf({ yes: { BOOL: true }, none: { NULL: true } })).toBe(3 + 1 + 4 + 1);
  });

  test('a list or map takes 3 bytes, and 1 for each element', () => {
    expect(sizeOf({ l: { L: [] } })).toBe(1 + 3);
    expect(sizeOf({ m: { M: {} } })).toBe(1 + 3);
    expect(sizeOf({ l: { L: [{ S: 'ab' }, { BOOL: false }] } })).toBe(1 + 3 + (1 + 2) + (1 + 1));
    expect(sizeOf({ m: { M: { k: { S: 'ab' } } } })).toBe(1 + 3 + (1 + 1 + 2));
  });

  test('a set is the sum of its members', () => {
    expect(sizeOf({ s: { SS: ['a', 'bc'] }, n: { NS: ['1', '123'] } })).toBe(1 + 3 + 1 + 2 + 3);
  });

  test('any item has the size that the rules give on the parsed object, however its JSON is written', () => {
    fc.assert(
      fc.property(arbitraryItem, fc.constantFrom(...writers), (item, write) => {
        // An item has the overhead of neither a map nor its entries.
        const expected = sizeByTheGuide({ M: item }) - 3 - Object.keys(item).length;
        expect(profile([write(item)]).sizes).toEqual([expected]);
      }),
      { numRuns: 500 },
    );
  });
});
