import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PathFacts } from '../../../src/stages/inspect/catalog.ts';
import { listPaths } from '../../../src/stages/inspect/path-facts.ts';
import { looksLikeId, pathText } from '../../../src/stages/inspect/path-name.ts';
import type { PathLimits } from '../../../src/stages/inspect/path-tree.ts';
import { arbitraryItem, profile, writers, type Item, type Value } from './items.ts';

function pathsOf(items: readonly Item[], limits: Partial<PathLimits> = {}): PathFacts[] {
  const { tree } = profile(
    items.map((item) => JSON.stringify(item)),
    limits,
  );
  tree.foldSparse();
  return listPaths(tree.root, items.length, []);
}

function named(paths: readonly PathFacts[], path: string): PathFacts {
  const found = paths.find((one) => one.path === path);
  if (found === undefined) throw new Error(`no path ${path} among ${paths.map((one) => one.path).join(' ')}`);
  return found;
}

/** Every value of an item with its path, on parsed objects. */
function* valuesOf(item: Item, parent = ''): Generator<{ path: string; type: string; content: unknown }> {
  for (const [name, value] of Object.entries(item))
    yield* valuesAt(value, parent === '' || !looksLikeId(name) ? pathText(parent, { name }) : pathText(parent, 'any'));
}

function* valuesAt(value: Value, path: string): Generator<{ path: string; type: string; content: unknown }> {
  const [[type, content]] = Object.entries(value);
  yield { path, type, content };
  if (type === 'M') yield* valuesOf(content as Item, path);
  if (type === 'L') for (const element of content as Value[]) yield* valuesAt(element, pathText(path, 'element'));
}

describe('paths', () => {
  test('types, values, items and empty values are those of the parsed items', () => {
    const bounds = { pathsMax: Infinity, entriesMax: Infinity };
    fc.assert(
      fc.property(fc.array(arbitraryItem, { maxLength: 8 }), fc.constantFrom(...writers), (items, write) => {
        const { tree } = profile(items.map(write), bounds);
        const got = listPaths(tree.root, items.length, []);
        const expected = new Map<string, { types: Record<string, number>; items: Set<number>; empty: number }>();
        items.forEach((item, i) => {
          for (const { path, type, content } of valuesOf(item)) {
            const entry = expected.get(path) ?? { types: {}, items: new Set(), empty: 0 };
            entry.types[type] = (entry.types[type] ?? 0) + 1;
            entry.items.add(i);
            if (content === '' || (typeof content === 'object' && Object.keys(content ?? {}).length === 0))
              entry.empty++;
            expected.set(path, entry);
          }
        });
        expect(new Map(got.map((one) => [one.path, one.types]))).toEqual(
          new Map([...expected].map(([path, one]) => [path, one.types])),
        );
        for (const one of got) {
          const want = expected.get(one.path);
          expect(one.items).toBe(want?.items.size);
          expect(one.share).toBe(one.items / items.length);
          expect(Math.round(one.emptyShare * one.values)).toBe(want?.empty);
        }
      }),
    );
  });

  test('names keep their case, and are quoted where the filter grammar needs it', () => {
    const paths = pathsOf([{ Email: { S: 'a' }, email: { S: 'b' }, 'x-y': { M: { 'a"b': { NULL: true } } } }]);
    expect(paths.map((one) => one.path)).toEqual(['Email', 'email', '"x-y"', '"x-y"."a""b"']);
  });

  test('key attributes come first', () => {
    const { tree } = profile(['{"a":{"S":""},"SK":{"N":"1"},"PK":{"S":"x"}}']);
    expect(listPaths(tree.root, 1, ['PK', 'SK']).map((one) => one.path)).toEqual(['PK', 'SK', 'a']);
  });

  test('shares and sizes: an attribute in one of four items, empty in none, NULL in half of its values', () => {
    const items: Item[] = [{ l: { L: [{ NULL: true }, { S: 'abc' }] } }, {}, {}, {}];
    expect(named(pathsOf(items), 'l[]')).toEqual({
      path: 'l[]',
      types: { NULL: 1, S: 1 },
      values: 2,
      items: 1,
      share: 0.25,
      sizeBytes: { min: 1, mean: 2, max: 3 },
      emptyShare: 0,
      nullShare: 0.5,
    });
  });

  test.each([
    'b3c0a1de-6d5a-4a3b-9c5e-0123456789ab',
    'a@example.com',
    '20240131',
    '7',
    '2024-01-31',
    'order_123456',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'deadbeefdeadbee5',
  ])('the map key %s is data: it is folded at once', (id) => {
    const paths = pathsOf([{ m: { M: { [id]: { S: 'x' }, name: { S: 'y' } } } }]);
    expect(paths.map((one) => one.path)).toEqual(['m', 'm.name', 'm.*']);
    expect(JSON.stringify(paths)).not.toContain(id);
  });

  test('the names of the item itself are never folded', () => {
    expect(pathsOf([{ '20240131': { S: 'x' } }]).map((one) => one.path)).toEqual(['"20240131"']);
  });

  test('a map with more entries than the limit is folded, and counts what came before', () => {
    const items = Array.from({ length: 30 }, (_, i): Item => {
      const entry = (n: number): Item => ({
        [`k${'abcdefghij'[n % 10]}${i}`]: { M: { at: { N: '1' }, n: { S: 'x' } } },
      });
      return { m: { M: { ...entry(i), ...entry(i + 1) } } };
    });
    const empty = Array.from({ length: 10 }, (): Item => ({ m: { M: {} } }));
    const paths = pathsOf([...items.slice(0, 5), ...empty, ...items.slice(5)], { entriesMax: 20 });
    expect(paths.map((one) => one.path)).toEqual(['m', 'm.*', 'm.*.at', 'm.*.n']);
    expect(named(paths, 'm.*')).toMatchObject({ folded: true, values: 60, items: 30, share: 0.75, types: { M: 60 } });
    expect(named(paths, 'm.*.at')).toMatchObject({ values: 60, items: 30 });
  });

  test('folded entries no longer count against the limit of paths', () => {
    const entries = Array.from({ length: 21 }, (_, i) => [`k${'abcdefghijklmnopqrstu'[i]}`, { S: 'x' }]);
    const others = Array.from({ length: 20 }, (_, i) => [`other${i}`, { S: 'x' }]);
    const item = { m: { M: Object.fromEntries(entries) }, ...Object.fromEntries(others) } as Item;
    const { tree } = profile([JSON.stringify(item)], { entriesMax: 20, pathsMax: 22 });
    expect(listPaths(tree.root, 1, [])).toHaveLength(22);
    expect(tree.limitReached).toBe(false);
  });

  test('a map with a few entries in each item is folded at the end', () => {
    const items = Array.from({ length: 30 }, (_, i): Item => ({ m: { M: { [`k${i}`]: { S: 'x' } } } }));
    expect(pathsOf(items).map((one) => one.path)).toEqual(['m', 'm.*']);
    const same = Array.from({ length: 30 }, (): Item => ({
      m: { M: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, { S: 'x' }])) },
    }));
    expect(pathsOf(same)).toHaveLength(31);
  });

  test('paths are bounded, and it says so; sizes stay right', () => {
    const texts = Array.from({ length: 50 }, (_, i) => `{"n${i}":{"M":{"x":{"S":"abc"}}}}`);
    const { tree, sizes } = profile(texts, { pathsMax: 10 });
    expect(listPaths(tree.root, 50, [])).toHaveLength(10);
    expect(tree.limitReached).toBe(true);
    expect(sizes[49]).toBe(3 + 3 + 1 + 1 + 3);
    expect(profile(texts).tree.limitReached).toBe(false);
  });

  test('there are no values unless examples are asked for, and then few, distinct and short', () => {
    const items: Item[] = ['secret', 'secret', 'x'.repeat(500), 'third'].map((S) => ({ a: { S } }));
    expect(JSON.stringify(pathsOf(items))).not.toMatch(/secret|xxx/);
    expect(named(pathsOf(items, { examplesMax: 2 }), 'a').examples).toEqual(['secret', `${'x'.repeat(59)}…`]);
  });
});
