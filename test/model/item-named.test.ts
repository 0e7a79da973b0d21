import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ItemView, NameTable } from '../../src/model/item.ts';
import { MalformedJson } from '../../src/model/json-bytes.ts';

const name = fc.constantFrom('PK', 'SK', 'a', 'b', 'c"d', 'é', 'PKK');
const value = fc.oneof(
  fc.string().map((S) => ({ S })),
  fc.integer().map((n) => ({ N: String(n) })),
  fc.array(fc.string(), { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
);

it('finds the same named attributes as reading the whole item, wherever they stand', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value), fc.string(), (item, behind) => {
      const json = JSON.stringify(item);
      const bytes = Buffer.from(json + behind);
      const end = Buffer.byteLength(json);
      const names = new NameTable(['PK', 'SK']);
      const whole = new ItemView(names);
      const named = new ItemView(names);
      whole.read(bytes, 0);
      named.readNamed(bytes, 0, end);
      expect(named.end).toBe(whole.end);
      for (const id of [0, 1]) {
        const [a, b] = [whole.indexOf(id), named.indexOf(id)];
        expect(b < 0).toBe(a < 0);
        if (a >= 0) expect([named.valueStart[b], named.valueEnd[b]]).toEqual([whole.valueStart[a], whole.valueEnd[a]]);
      }
    }),
  );
});

it('refuses an item that is cut off before its names, instead of going on into what lies behind', () => {
  const bytes = Buffer.from('{"a":{"S":"cut\n{"PK":{"S":"x"}}');
  const view = new ItemView(new NameTable(['PK']));
  expect(() => view.readNamed(bytes, 0, 14)).toThrow(MalformedJson);
});
