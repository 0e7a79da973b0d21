import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ItemView, NameTable } from '../../src/model/item.ts';

/** Few names and short ones, so that items often agree in an attribute, in all but its end, or in a part of one. */
const name = fc.oneof(
  fc.constantFrom('a', 'ab', 'abc', 'abcd', 'abcdefgh', 'abcdefgi', 'PK', 'x"y', 'b\\', 'ü', ''),
  fc.string({ maxLength: 60 }),
);
const text = fc.oneof(
  fc.string({ maxLength: 70 }),
  fc.constantFrom('"', '\\', '\\"', 'abc\\', '}"', '"}', 'é'.repeat(30)),
);
const value = fc.oneof(
  text.map((s) => ({ S: s })),
  fc.integer().map((n) => ({ N: String(n) })),
  fc.constantFrom({ NULL: true }, { BOOL: false }, { L: [{ S: 'a' }] }, { M: { a: { S: '}' } } }, { SS: ['a', 'b'] }),
);
const item = fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key });
/** Of a table: the same item again with other values, or less of it, more often than another one. */
const items = fc.array(
  fc.oneof(
    item,
    item.chain((one) => fc.constantFrom(one, one.slice(1), one.slice(0, -1), one.toReversed())),
  ),
  { minLength: 1, maxLength: 8 },
);
const space = fc.constantFrom('', '', '', ' ', '\n\t');

const textOf = (pairs: readonly [string, unknown][], gap: string): string =>
  `{${pairs.map(([key, one]) => `${gap}${JSON.stringify(key)}${gap}:${gap}${JSON.stringify(one)}`).join(`${gap},`)}${gap}}`;

describe('reading item after item with one view', () => {
  it('finds each attribute with its name and value, whatever the items before were like', () => {
    const asked = ['a', 'abc', 'abcdefgi', 'x"y', 'nobody'];
    fc.assert(
      fc.property(items, space, (table, gap) => {
        const view = new ItemView(new NameTable(asked));
        const page = Buffer.from(table.map((pairs) => textOf(pairs, gap)).join(','));
        let at = 0;
        for (const pairs of table) {
          at = view.read(page, at) + 1;
          const read = Array.from({ length: view.count }, (_, i) => [
            view.nameAt(i),
            JSON.parse(page.toString('utf8', view.valueStart[i], view.valueEnd[i])) as unknown,
          ]);
          expect(read).toEqual(pairs);
          for (const [id, wanted] of asked.entries())
            expect(view.indexOf(id)).toBe(pairs.findIndex(([key]) => key === wanted));
          expect([...view.nameId.subarray(0, view.count)]).toEqual(pairs.map(([key]) => asked.indexOf(key)));
        }
        expect(at).toBe(page.length + 1);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads another page that lies where the one before lay', () => {
    const view = new ItemView(new NameTable(['abc', 'xyz']));
    const memory = Buffer.alloc(200);
    for (const key of ['abc', 'xyz', 'abc']) {
      const length = memory.write(textOf([[key, { S: 'value' }]], ''));
      view.read(memory.subarray(0, length), 0);
      view.read(memory.subarray(0, length), 0);
      expect(view.nameAt(0)).toBe(key);
      expect(view.nameId[0]).toBe(key === 'abc' ? 0 : 1);
    }
  });
});
