import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newValueRange, readValue } from '../../src/model/attribute.ts';
import { ItemView, NameTable } from '../../src/model/item.ts';
import {
  MalformedJson,
  closingQuote,
  decodeString,
  forEachElement,
  forEachMember,
  skipValue,
} from '../../src/model/json-bytes.ts';
import { attributes, writeItem } from '../stages/verify/random-items.ts';

/** Runs of backslashes and quotes around the length where the search changes its way, behind text of any length. */
const awkwardText = fc
  .tuple(
    fc.integer({ min: 0, max: 100 }),
    fc.array(fc.constantFrom('\\', '\\\\\\', '"', '\\"', 'x', '中', '\n', '\u2028', '}', '{', ',', ']'), {
      maxLength: 60,
    }),
  )
  .map(([length, rest]) => 'a'.repeat(length) + rest.join(''));

const anyText = fc.oneof(awkwardText, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 80 }));

/** One item's JSON text, written in any of many ways, with what JSON.parse makes of it. */
const itemJson = fc
  .tuple(attributes, fc.array(fc.tuple(anyText, anyText), { maxLength: 4 }), fc.infiniteStream(fc.nat(1_000_000)))
  .map(([drawn, texts, choices]) => {
    const item = new Map(drawn);
    for (const [name, text] of texts) item.set(name, { S: text });
    return writeItem(item, (below) => choices.next().value % below);
  });

function read(bytes: Buffer, at: number, names: Iterable<string> = []): { view: ItemView; end: number } {
  const view = new ItemView(new NameTable(names));
  return { view, end: view.read(bytes, at) };
}

/** What the view found, by name. */
function attributesOf(view: ItemView): [string, unknown][] {
  return Array.from({ length: view.count }, (_, i) => [
    view.nameAt(i),
    JSON.parse(view.bytes.toString('utf8', view.valueStart[i], view.valueEnd[i])) as unknown,
  ]);
}

describe('strings', () => {
  it('end where JSON.parse ends them, whatever their length and escapes, and decode to the same text', () => {
    fc.assert(
      fc.property(anyText, fc.nat(5), anyText, (text, spaces, behind) => {
        const json = JSON.stringify(text);
        const bytes = Buffer.from(`${' '.repeat(spaces)}${json}${behind}"`);
        const close = closingQuote(bytes, spaces + 1);
        expect(close).toBe(spaces + Buffer.byteLength(json) - 1);
        expect(decodeString(bytes, spaces + 1, close)).toBe(JSON.parse(json));
        expect(skipValue(bytes, spaces)).toBe(close + 1);
      }),
      { numRuns: 1000 },
    );
  });

  it('that do not end are refused: runs of backslashes of every length around 48 bytes, cut before each byte', () => {
    for (let length = 40; length < 56; length++)
      for (let run = 0; run < 12; run++) {
        const json = JSON.stringify(`${'a'.repeat(length)}${'\\'.repeat(run)}"${'\\'.repeat(run)}`);
        const bytes = Buffer.from(json);
        expect(closingQuote(bytes, 1)).toBe(bytes.length - 1);
        for (let cut = 1; cut < bytes.length; cut++)
          expect(() => closingQuote(bytes.subarray(0, cut), 1), `${length} ${run} ${cut}`).toThrow(MalformedJson);
      }
  });

  it('of a megabyte of quotes and backslashes are searched in linear time', () => {
    const text = '\\"'.repeat(1 << 20);
    const bytes = Buffer.from(JSON.stringify(text));
    expect(closingQuote(bytes, 1)).toBe(bytes.length - 1);
  });
});

describe('ItemView', () => {
  it('finds what JSON.parse finds: names, values, order, end', () => {
    fc.assert(
      fc.property(itemJson, fc.nat(4), fc.constantFrom('', ',', ']', ' {"a":{"S":"b"}}'), (json, before, behind) => {
        const bytes = Buffer.from(`${'x'.repeat(before)}${json}${behind}`);
        const parsed = JSON.parse(json) as Record<string, unknown>;
        const wanted = [...Object.keys(parsed).slice(0, 3), 'nowhere'];
        const { view, end } = read(bytes, before, wanted);
        expect(end).toBe(before + Buffer.byteLength(json));
        expect([view.start, view.end]).toEqual([before, end]);
        const found = attributesOf(view);
        expect(new Map(found)).toEqual(new Map(Object.entries(parsed)));
        expect(found).toHaveLength(Object.keys(parsed).length);
        for (const name of wanted) {
          const index = view.indexOf(view.names.idOf(name));
          expect(index < 0 ? undefined : view.nameAt(index)).toBe(name === 'nowhere' ? undefined : name);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses an item that is cut off, before every byte of it', () => {
    fc.assert(
      fc.property(itemJson, (json) => {
        const bytes = Buffer.from(json);
        for (let cut = 0; cut < bytes.length; cut++)
          expect(() => read(Buffer.from(bytes.subarray(0, cut)), 0)).toThrow(MalformedJson);
      }),
      { numRuns: 100 },
    );
  });

  it('answers damaged bytes with MalformedJson or ranges inside the text, never with anything else', () => {
    fc.assert(
      fc.property(itemJson, fc.nat(), fc.nat(255), (json, at, byte) => {
        const bytes = Buffer.from(json);
        bytes[at % bytes.length] = byte;
        try {
          const { view, end } = read(bytes, 0);
          expect(end).toBeLessThanOrEqual(bytes.length);
          for (let i = 0; i < view.count; i++) {
            expect(view.valueEnd[i]).toBeLessThan(end);
            expect(view.nameEnd[i]).toBeLessThan(view.valueStart[i]);
            try {
              readValue(bytes, view.valueStart[i], newValueRange());
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedJson);
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedJson);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is read again and again: nothing of the item before shows, also not after one of 200 attributes', () => {
    const names = Array.from({ length: 200 }, (_, i) => `a${i}`);
    const big = Buffer.from(JSON.stringify(Object.fromEntries(names.map((name) => [name, { N: '1' }]))));
    const small = Buffer.from('{"a7":{"S":"x"}}');
    const view = new ItemView(new NameTable(names));
    expect(view.read(big, 0)).toBe(big.length);
    expect([view.count, view.indexOf(199), view.nameAt(199)]).toEqual([200, 199, 'a199']);
    view.read(small, 0);
    expect(view.count).toBe(1);
    expect(names.map((_, id) => view.indexOf(id)).filter((index) => index >= 0)).toEqual([0]);
    view.read(Buffer.from('{ }'), 0);
    expect([view.count, view.indexOf(7)]).toEqual([0, -1]);
  });
});

describe('objects and arrays', () => {
  it('are walked over as JSON.parse does, with any white space', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.constantFrom('', '\t', '\n  '), (values, indent) => {
        const array = Buffer.from(JSON.stringify(values, null, indent));
        const elements: unknown[] = [];
        expect(
          forEachElement(array, 0, (start, end) => {
            elements.push(JSON.parse(array.toString('utf8', start, end)));
          }),
        ).toBe(array.length);
        expect(elements).toEqual(JSON.parse(array.toString()));
        const object = Buffer.from(
          JSON.stringify(Object.fromEntries(values.map((v, i) => [`k${i}`, v])), null, indent),
        );
        const members: Record<string, unknown> = {};
        expect(
          forEachMember(object, 0, (nameStart, nameEnd, start, end) => {
            members[decodeString(object, nameStart, nameEnd)] = JSON.parse(object.toString('utf8', start, end));
          }),
        ).toBe(object.length);
        expect(members).toEqual(JSON.parse(object.toString()));
      }),
    );
  });
});

describe('NameTable', () => {
  it('finds every name by its bytes, and no other, however many share a hash', () => {
    // Same length, ends and middle: one hash for all of them.
    const colliding = Array.from({ length: 64 }, (_, i) => `x${String(i).padStart(2, '0')}-m-${'q'.repeat(3)}z`);
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(anyText, fc.constantFrom(...colliding)), { maxLength: 80 }), (all) => {
        const half = all.length >> 1;
        const table = new NameTable(all.slice(0, half));
        all.forEach((name, i) => {
          for (const json of [JSON.stringify(name), escapeAll(name)]) {
            const bytes = Buffer.from(json);
            expect(table.lookup(bytes, 1, bytes.length - 1)).toBe(i < half ? i : -1);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});

function escapeAll(text: string): string {
  const escaped = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0')).map(
    (hex) => `\\u${hex}`,
  );
  return `"${escaped.join('')}"`;
}
