import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemView, NameTable } from '../../src/model/item.ts';
import { keyAttributes, KeyReader, type KeySchema, type KeyType } from '../../src/model/key.ts';

function reader(schema: KeySchema): (json: string) => string | undefined;
function reader(schema: KeySchema, what: 'hash'): (json: string) => number;
function reader(schema: KeySchema, what: 'identity' | 'hash' = 'identity'): (json: string) => unknown {
  const view = new ItemView(new NameTable(['other', ...keyAttributes(schema).map((attribute) => attribute.name)]));
  const keys = new KeyReader(schema, (name) => view.names.idOf(name));
  return (json) => {
    view.read(Buffer.from(json), 0);
    return keys[what](view);
  };
}

const schema = (partition: KeyType, sort?: KeyType): KeySchema => ({
  partition: { name: 'PK', type: partition },
  ...(sort && { sort: { name: 'SK', type: sort } }),
});

describe('KeyReader', () => {
  it('gives two keys one identity exactly when both values are equal', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 4 }),
      fc.constantFrom('a', '1:a', 'a1:b', '"', '\\'),
    );
    const identity = reader(schema('S', 'S'));
    fc.assert(
      fc.property(text, text, text, text, (a, b, c, d) => {
        const x = JSON.stringify({ PK: { S: a }, SK: { S: b } });
        const y = JSON.stringify({ SK: { S: d }, x: { S: 'y' }, PK: { S: c } });
        expect(identity(x) === identity(y)).toBe(a === c && b === d);
      }),
      { numRuns: 1000 },
    );
  });

  it('compares numbers by value, text and binary through their escapes', () => {
    const number = reader(schema('N'));
    expect(number('{"PK":{"N":"1.50"}}')).toBe(number('{"PK":{"N":"15e-1"}}'));
    expect(number('{"PK":{"N":"1.5"}}')).not.toBe(number('{"PK":{"N":"15"}}'));
    const binary = reader(schema('B'));
    expect(binary(String.raw`{"PK":{"B":"\/\/\/\/"}}`)).toBe(binary('{"PK":{"B":"////"}}'));
    const string = reader(schema('S'));
    expect(string(String.raw`{"\u0050K":{"S":"\u0041\u00e9"}}`)).toBe(string('{"PK":{"S":"Aé"}}'));
  });

  it.each([
    ['no key attribute', '{"other":{"S":"x"}}'],
    ['no sort key', '{"PK":{"S":"x"}}'],
    ['a number where a string is the key', '{"PK":{"N":"1"},"SK":{"N":"1"}}'],
    ['a map where a number is the key', '{"PK":{"S":"x"},"SK":{"M":{"N":{"S":"1"}}}}'],
    ['a number that is none', '{"PK":{"S":"x"},"SK":{"N":"one"}}'],
  ])('has no identity for an item with %s', (_, json) => {
    expect(reader(schema('S', 'N'))(json)).toBeUndefined();
  });

  it('gives keys of one identity one hash, written in whichever way, and others hardly ever', () => {
    const hash = reader(schema('S', 'N'), 'hash');
    const text = fc.string({ unit: 'grapheme', maxLength: 4 });
    const number = fc.constantFrom(['1.50', '15e-1'], ['0', '-0'], ['1e2', '100']);
    fc.assert(
      fc.property(text, number, fc.string({ maxLength: 3 }), (key, [a, b], other) => {
        const escaped = [...Array(key.length).keys()]
          .map((i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join('');
        const plain = hash(JSON.stringify({ PK: { S: key }, SK: { N: a } }));
        expect(hash(`{"SK":{"N":"${b}"},"x":{"S":"y"},"PK":{"S":"${escaped}"}}`)).toBe(plain);
        if (other !== key) expect(hash(JSON.stringify({ PK: { S: other }, SK: { N: a } }))).not.toBe(plain);
      }),
      { seed: 1, numRuns: 1000 },
    );
    expect(hash('{"other":{"S":"x"}}')).toBeTypeOf('number');
  });

  it('must be made with a table that knows the key', () => {
    expect(() => new KeyReader(schema('S'), () => -1)).toThrow(RangeError);
  });
});
