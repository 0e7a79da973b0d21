import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CanonicalWriter } from '../../src/model/canonical.ts';
import { ItemView, NameTable } from '../../src/model/item.ts';
import { attributes, plainItem, value, writeItem, type Item } from '../stages/verify/random-items.ts';

const writer = new CanonicalWriter();

function formOf(json: string, skip: string[] = []): string {
  const view = new ItemView(new NameTable(skip));
  view.read(Buffer.from(json), 0);
  return writer.write(view, new Set(skip.map((_, id) => id))).toString('latin1');
}

const choices = fc.infiniteStream(fc.nat(1_000_000)).map((stream) => (below: number) => stream.next().value % below);

describe('the canonical form', () => {
  it('is one for all the ways to write an item: order, escapes, white space, forms of numbers', () => {
    fc.assert(
      fc.property(attributes, choices, choices, (drawn, one, other) => {
        const item = new Map(drawn);
        expect(formOf(writeItem(item, one))).toBe(formOf(writeItem(item, other)));
      }),
      { numRuns: 500 },
    );
  });

  it('is equal for two items exactly when DynamoDB holds them to be equal', () => {
    const few = fc.tuple(fc.constantFrom('a', 'b'), value);
    const small = fc.uniqueArray(few, { maxLength: 2, selector: ([name]) => name });
    fc.assert(
      fc.property(small, small, choices, (x, y, choice) => {
        const [a, b]: [Item, Item] = [new Map(x), new Map(y)];
        expect(formOf(writeItem(a, choice)) === formOf(writeItem(b, choice))).toBe(plainItem(a) === plainItem(b));
      }),
      { numRuns: 1000 },
    );
  });

  // Each line holds items that a careless form would take for one another.
  it.each([
    [
      '{"a":{"S":"1"}}',
      '{"a":{"N":"1"}}',
      '{"a":{"B":"MQ=="}}',
      '{"a":{"SS":["1"]}}',
      '{"a":{"NS":["1"]}}',
      '{"a":{"BS":["MQ=="]}}',
    ],
    ['{"a":{"BOOL":true}}', '{"a":{"BOOL":false}}', '{"a":{"NULL":true}}', '{"a":{"S":"true"}}', '{}'],
    ['{"a":{"S":""},"b":{"S":"x"}}', '{"a":{"S":"x"},"b":{"S":""}}', '{"a":{"S":"x"}}', '{"ab":{"S":"x"}}'],
    ['{"a":{"L":[]}}', '{"a":{"M":{}}}', '{"a":{"L":[{"L":[]}]}}', '{"a":{"S":""}}', '{"a":{"B":""}}'],
    [
      '{"a":{"L":[{"S":"x"},{"S":"y"}]}}',
      '{"a":{"L":[{"S":"y"},{"S":"x"}]}}',
      '{"a":{"L":[{"L":[{"S":"x"},{"S":"y"}]}]}}',
    ],
    ['{"a":{"SS":["ab","c"]}}', '{"a":{"SS":["a","bc"]}}', '{"a":{"SS":["abc"]}}', '{"a":{"SS":["a","b","c"]}}'],
    ['{"a":{"M":{"b":{"S":"x"}}},"c":{"S":"y"}}', '{"a":{"M":{"b":{"S":"x"},"c":{"S":"y"}}}}'],
    ['{"a":{"S":"é"}}', '{"a":{"S":"e\u0301"}}', '{"a":{"S":"e"}}', '{"A":{"S":"é"}}'],
    [
      '{"a":{"N":"1"}}',
      '{"a":{"N":"-1"}}',
      '{"a":{"N":"10"}}',
      '{"a":{"N":"1.00000000000000000000000000000000000001"}}',
    ],
  ])('tells these apart: %s …', (...items) => {
    expect(new Set(items.map((json) => formOf(json))).size).toBe(items.length);
  });

  it('takes the order of names from their UTF-8 bytes, not from UTF-16', () => {
    // U+FF5E comes before U+1F600 in UTF-8 and behind its surrogates in UTF-16.
    const form = formOf('{"\u{1F600}":{"S":"2"},"\uff5e":{"S":"1"}}');
    expect(form.indexOf('1')).toBeLessThan(form.indexOf('2'));
  });

  it('leaves out what is skipped, and nothing else', () => {
    expect(formOf('{"a":{"S":"1"},"b":{"S":"2"},"c":{"S":"3"}}', ['b', 'zz'])).toBe(
      formOf('{"c":{"S":"3"},"a":{"S":"1"}}'),
    );
  });

  it('takes items of 400 KB', () => {
    const json = `{"a":{"S":"${'中'.repeat(130_000)}"},"b":{"L":[${Array.from({ length: 5000 }, () => '{"N":"1"}').join()}]}}`;
    expect(formOf(json).length).toBeGreaterThan(400_000);
  });
});
