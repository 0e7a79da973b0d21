import * as fc from 'fast-check';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { KeySchema } from '../../../src/model/key.ts';
import { verify } from '../../../src/stages/verify/verify.ts';
import type { VerifyResult } from '../../../src/stages/verify/verify.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryItems } from './memory-items.ts';
import {
  attributes,
  decimal,
  plainItem,
  plainNumber,
  value,
  writeItem,
  type Item,
  type Value,
} from './random-items.ts';
import { newFolder, side } from './setup.ts';

/** Renames the partition key, keeps items back, drops an attribute and refuses items whose `email` is a number. */
const policy = await policyOf({
  filter: "country = 'China'",
  attributes: { PK: { rename: 'id' }, secret: 'drop', email: { hash: { key: 'env:ONE' } } },
});
const sourceKey: KeySchema = { partition: { name: 'PK', type: 'S' }, sort: { name: 'n', type: 'N' } };
const targetKey: KeySchema = { partition: { name: 'id', type: 'S' }, sort: { name: 'n', type: 'N' } };

/** What the policy above makes of an item, in plain terms; items with `email` are refused by construction of the test. */
function expected(item: Item): Item | 'filtered' | 'refused' {
  const country = item.get('country');
  if (country === undefined || !('S' in country) || country.S !== 'China') return 'filtered';
  if (item.has('email')) return 'refused';
  const result: Item = new Map();
  for (const [name, held] of item) if (name !== 'secret') result.set(name === 'PK' ? 'id' : name, held);
  return result;
}

const special = new Set(['PK', 'id', 'n', 'country', 'secret', 'email']);
const others = attributes.map((list) => list.filter(([name]) => !special.has(name)));

const sourceItem = fc
  .record({
    pk: fc.constantFrom('a', 'b', 'ß', '"', '\u{1F600}'),
    n: decimal,
    others,
    country: fc.constantFrom('China', 'China', 'China', 'USA', undefined),
    secret: fc.option(value, { nil: undefined }),
    refused: fc.constantFrom(false, false, false, false, true),
  })
  .map(({ pk, n, others: rest, country, secret, refused }): Item => {
    const item: Item = new Map<string, Value>([['PK', { S: pk }], ['n', { N: n }], ...rest]);
    if (country !== undefined) item.set('country', { S: country });
    if (secret !== undefined) item.set('secret', secret);
    if (refused) item.set('email', { BOOL: true });
    return item;
  });

const mutation = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ what: 'none' } as const) },
  { weight: 1, arbitrary: fc.constant({ what: 'delete' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('set' as const),
      name: fc.constantFrom('a', 'b', 'country', 'new'),
      to: value,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'as at the source' } as const) },
);

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function keyOf(item: Item, partition: string): string {
  const [pk, n] = [item.get(partition), item.get('n')];
  return pk !== undefined && 'S' in pk && n !== undefined && 'N' in n ? JSON.stringify([pk.S, plainNumber(n.N)]) : '';
}

function mutated(source: Item, change: Mutation): Item | undefined {
  const wanted = expected(source);
  if (change.what === 'delete') return undefined;
  if (typeof wanted === 'string') {
    if (change.what !== 'as at the source') return undefined;
    return new Map([...source].map(([name, held]) => [name === 'PK' ? 'id' : name, held]));
  }
  return change.what === 'set' ? new Map([...wanted, [change.name, change.to]]) : wanted;
}

/** The comparison in plain terms. */
function compare(
  source: Item[],
  target: Item[],
): Pick<VerifyResult, 'equal' | 'missing' | 'extra' | 'different'> & { keys: string[] } {
  const wanted = new Map<string, Item>();
  for (const item of source) {
    const made = expected(item);
    if (typeof made !== 'string') wanted.set(keyOf(made, 'id'), made);
  }
  const found = new Map(target.map((item) => [keyOf(item, 'id'), item]));
  const keys: string[] = [];
  let [equal, missing, extra, different] = [0, 0, 0, 0];
  for (const [key, item] of wanted) {
    const there = found.get(key);
    if (there !== undefined && plainItem(there) === plainItem(item)) {
      equal++;
      continue;
    }
    if (there === undefined) missing++;
    else different++;
    keys.push(`${there === undefined ? 'missing' : 'different'} ${key}`);
  }
  for (const key of found.keys())
    if (!wanted.has(key)) {
      extra++;
      keys.push(`extra ${key}`);
    }
  return { equal, missing, extra, different, keys: keys.sort() };
}

test('finds exactly the items that a plain comparison finds', async () => {
  const rows = fc.uniqueArray(fc.tuple(sourceItem, mutation), {
    maxLength: 40,
    selector: ([item]) => keyOf(item, 'PK'),
  });
  const shape = fc.record({ segments: fc.integer({ min: 1, max: 5 }), pageItems: fc.integer({ min: 1, max: 7 }) });
  const kinds = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      rows,
      shape,
      shape,
      fc.infiniteStream(fc.nat()),
      async (pairs, sourceShape, targetShape, random) => {
        const choice = (below: number): number => (random.next().value as number) % below;
        const source = pairs.map(([item]) => item);
        const target = pairs.flatMap(([item, change]) => mutated(item, change) ?? []);
        const written = (items: Item[]): string[] => items.map((item) => writeItem(item, choice));
        const folder = newFolder();
        try {
          const result = await verify({
            subject: { policyHash: policy.hash, keySchema: targetKey, ignore: [] },
            source: { ...side(new MemoryItems(written(source), sourceShape)), policy, keySchema: sourceKey },
            target: { ...side(new MemoryItems(written(target), targetShape)), filter: policy },
            folder,
            nowMs: () => 0,
          });
          const plain = compare(source, target);
          const { equal, missing, extra, different } = result;
          expect({ equal, missing, extra, different, keys: reportedKeys(result) }).toEqual(plain);
          expect(result.itemsTarget).toBe(target.length);
          expect(result.itemsSource + result.filteredAtSource + result.refusedAtSource).toBe(source.length);
          expect(result.refusedAtSource).toBe(source.filter((item) => expected(item) === 'refused').length);
          expect(result.failsPolicy).toBe(failing(source, target));
          for (const { kind } of result.differences) kinds.add(kind);
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 200 },
  );
  expect([...kinds].sort()).toEqual(['different', 'extra', 'missing']);
});

function failing(source: Item[], target: Item[]): number {
  const wrong = new Set(compare(source, target).keys.map((line) => line.slice(line.indexOf(' ') + 1)));
  return target.filter((item) => wrong.has(keyOf(item, 'id')) && expected(item) === 'filtered').length;
}

function reportedKeys(result: VerifyResult): string[] {
  const lines = result.differences.map(({ kind, key = '{}' }) => {
    const { id, n } = JSON.parse(key) as { id: { S: string }; n: { N: string } };
    return `${kind} ${JSON.stringify([id.S, asPlain(n.N)])}`;
  });
  return lines.sort();
}

/** The key's number as DynamoDB JSON may be written in any way: brought to the writing of the plain comparison. */
function asPlain(written: string): string {
  const [mantissa, exponent = '0'] = written.toUpperCase().split('E');
  const [whole, fraction = ''] = mantissa.split('.');
  return plainNumber(`${whole}${fraction}E${Number(exponent) - fraction.length}`);
}
