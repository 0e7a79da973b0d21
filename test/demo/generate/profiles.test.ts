import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oddities } from '../../../src/demo/generate/exotic.ts';
import { generateProfiles, type GenerateOptions } from '../../../src/demo/generate/profiles.ts';
import { fitsDynamoDb } from '../../../src/model/number.ts';

type Value = Record<string, unknown>;
type Item = Record<string, Value>;

function generate(options: GenerateOptions): Item[] {
  return [...generateProfiles(options)].map((text) => JSON.parse(text) as Item);
}

const attributes = [
  'PK',
  'first_name',
  'last_name',
  'email',
  'sex',
  'street_address',
  'state',
  'city',
  'zipcode',
  'country',
  'govid',
  'last_update_timestamp',
  'last_updater_region',
];

describe('generated profiles', () => {
  it('have the thirteen attributes, all of them filled', () => {
    for (const item of generate({ items: 500, seed: 1 })) {
      expect(Object.keys(item)).toEqual(attributes);
      expect(item.PK.S).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(item.last_update_timestamp.N).toMatch(/^1[67]\d{8}\.\d{6}$/);
      expect(item.email.S).toMatch(/^[a-z]+\d+@example\.(com|org|net)$/);
      for (const name of attributes.filter((each) => each !== 'last_update_timestamp'))
        expect(item[name].S, name).toMatch(/\S/);
    }
  });

  it('are the same for the same seed, and fewer are the first of more', () => {
    const options = fc.record({
      seed: fc.maxSafeInteger(),
      items: fc.integer({ min: 0, max: 60 }),
      more: fc.integer({ min: 0, max: 60 }),
      match: fc.double({ min: 0, max: 1, noNaN: true }),
      exotic: fc.boolean(),
    });
    fc.assert(
      fc.property(options, ({ more, ...few }) => {
        const many = { ...few, items: few.items + more };
        expect([...generateProfiles(many)].slice(0, few.items)).toEqual([...generateProfiles(few)]);
      }),
      { numRuns: 30 },
    );
  });

  it('stay what they are from release to release', () => {
    const [item] = generate({ items: 1, seed: 1 });
    expect(item.PK.S).toBe('3ed1b2f3-4ed6-42ce-9a66-d24ede9ec7e1');
    expect(item.last_update_timestamp.N).toBe('1714589379.893979');
  });

  it('differ between seeds, and have keys of their own', () => {
    const keys = [1, 2, 2 ** 32 + 1, -1].flatMap((seed) => generate({ items: 2000, seed }).map((item) => item.PK.S));
    expect(new Set(keys).size).toBe(8000);
  });

  it.each([0, 0.2, 0.29, 1 / 3, 1])('have the country China in a share of %d, to the item', (match) => {
    const china = generate({ items: 1000, seed: 3, match, exotic: true }).filter((item) => item.country?.S === 'China');
    expect(Math.abs(china.length - 1000 * match)).toBeLessThan(1);
  });

  it('have names in Chinese and a valid identity number where the country is China', () => {
    for (const item of generate({ items: 100, seed: 4, match: 1 })) {
      expect(item.last_name.S).toMatch(/^\p{Script=Han}+$/u);
      const digits = String(item.govid.S);
      expect(digits).toMatch(/^99\d{15}[\dX]$/);
      // ISO 7064 MOD 11-2: the digits, weighted by powers of two, leave 1.
      const sum = digits.split('').reduce((rest, digit) => (rest * 2 + (digit === 'X' ? 10 : Number(digit))) % 11, 0);
      expect(sum).toBe(1);
    }
  });
});

describe('exotic items', () => {
  const items = generate({ items: 1000, seed: 5, exotic: true });

  it('are all within the limits of DynamoDB, and some close to the largest size', () => {
    const sizes = items.map((item) => sizeOfMap(item));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(400 * 1024);
    expect(sizes.filter((size) => size > 398 * 1024)).toHaveLength(2);
    expect(Math.max(...items.map((item) => Math.max(...Object.values(item).map((value) => levelsOf(value)))))).toBe(32);
    for (const number of items.flatMap((item) => numbersOf({ M: item })))
      expect(fitsDynamoDb(number), number).toBe(true);
  });

  it('have every kind of oddity among the first few', () => {
    const names = new Set(items.slice(0, 4 * 16).flatMap((item) => Object.keys(item)));
    for (const name of ['list', 'deepest', 'strings', 'digits38', '__proto__', 'Country', 'mixed', 'inner', 'bulk'])
      expect(names, name).toContain(name);
    expect(Object.keys(oddities)).toHaveLength(7);
    expect(items.slice(0, 64).some((item) => Object.keys(item).length === 1)).toBe(true);
  });

  it('have sets without duplicates or empty members', () => {
    for (const item of items) {
      for (const value of Object.values(item)) {
        const set = (value.SS ?? value.NS ?? value.BS) as string[] | undefined;
        if (set === undefined) continue;
        expect(new Set<unknown>(value.NS ? set.map(Number) : set).size).toBe(set.length);
        expect(set).not.toContain('');
      }
    }
  });
});

/** DynamoDB's own way of counting (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). */
function sizeOf(value: Value): number {
  const [type, content] = Object.entries(value)[0];
  if (type === 'S') return Buffer.byteLength(content as string);
  if (type === 'N') return 21;
  if (type === 'B') return Buffer.from(content as string, 'base64').length;
  if (type === 'M') return 3 + sizeOfMap(content as Item);
  if (type === 'L') return 3 + (content as Value[]).reduce((sum, each) => sum + 1 + sizeOf(each), 0);
  if (Array.isArray(content)) return content.reduce((sum: number, each) => sum + sizeOf({ [type[0]]: each }), 0);
  return 1;
}

function sizeOfMap(map: Item): number {
  return Object.entries(map).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value), 0);
}

function levelsOf(value: Value): number {
  const inner = value.M === undefined ? ((value.L ?? []) as Value[]) : Object.values(value.M as Item);
  return 1 + Math.max(0, ...inner.map((each) => levelsOf(each)));
}

function numbersOf(value: Value): string[] {
  if (value.N !== undefined) return [value.N as string];
  if (value.NS !== undefined) return value.NS as string[];
  const inner = value.M === undefined ? ((value.L ?? []) as Value[]) : Object.values(value.M as Item);
  return inner.flatMap((each) => numbersOf(each));
}
