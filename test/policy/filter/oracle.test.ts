import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { DynaferryError } from '../../../src/model/errors.ts';
import { ItemView, NameTable } from '../../../src/model/item.ts';
import type { AttributeValue } from '../../../src/policy/filter/attribute-value.ts';
import { canonicalText } from '../../../src/policy/filter/canonical-text.ts';
import { compileFilter } from '../../../src/policy/filter/compile.ts';
import { parseFilter } from '../../../src/policy/filter/parser.ts';
import { namesOf } from '../../../src/policy/filter/paths.ts';
import { pushDown } from '../../../src/policy/filter/push-down.ts';
import type { Condition } from '../../../src/policy/filter/ast.ts';
import { filterArb, itemArb } from './arbitraries.ts';
import { useWorld } from '../../world/use-world.ts';
import { WireClient } from './wire-client.ts';

const ITEMS = 300;
/** FILTER_RUNS and FILTER_SEED make a longer run, or the same one again. */
const RUNS = Number(process.env['FILTER_RUNS'] ?? 2000);
const SEED = Number(process.env['FILTER_SEED'] ?? Date.now() % 1_000_000);

type Item = Record<string, AttributeValue>;
interface Encoding {
  name: string;
  of(item: Item): Buffer;
}

/** The ways in which an endpoint, or an export, may write the same item. */
const encodings: Encoding[] = [
  { name: 'compact', of: (item) => Buffer.from(JSON.stringify(item)) },
  { name: 'spaced', of: (item) => Buffer.from(JSON.stringify(item, null, 1)) },
  { name: 'escaped', of: (item) => Buffer.from(escapeAll(JSON.stringify(item)), 'latin1') },
];

const { source } = await useWorld('dynamodb');
const client = new WireClient(source);
let TableName: string;
let stored: Item[];

beforeAll(async () => {
  TableName = await source.createTable();
  const items = fc.sample(itemArb, { numRuns: ITEMS, seed: SEED });
  for (const [index, item] of items.entries())
    await client.call('PutItem', { TableName, Item: { ...item, PK: { S: `item-${index}` } } });
  stored = await scan({});
  expect(stored).toHaveLength(ITEMS);
});

test('every filter lets pass exactly the items that DynamoDB returns for it', async () => {
  const seen = { checked: 0, refused: 0, passed: 0, some: 0 };
  const property = fc.asyncProperty(filterArb, async (text) => {
    const condition = parsed(text);
    if (condition === undefined) {
      seen.refused++;
      return;
    }
    const expected = keysOf(await scanWith(condition));
    for (const encoding of encodings) {
      expect(keysOf(stored.filter(evaluator(condition, encoding))), encoding.name).toEqual(expected);
    }
    seen.checked++;
    seen.passed += expected.length;
    if (expected.length > 0 && expected.length < ITEMS) seen.some++;
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
  console.info(`filter oracle: seed ${SEED}`, seen);
  // A generator that only makes filters that are refused, or that all items pass, would prove nothing.
  expect(seen.checked).toBeGreaterThan(RUNS / 2);
  expect(seen.some).toBeGreaterThan(RUNS / 8);
}, 600_000);

test('a canonical text is a filter with the same canonical text and the same expression', () => {
  const property = fc.property(filterArb, (text) => {
    const condition = parsed(text);
    if (condition === undefined) return;
    const canonical = canonicalText(condition);
    const again = parseFilter(canonical);
    expect(canonicalText(again)).toBe(canonical);
    expect(pushDown(again)).toEqual(pushDown(condition));
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
});

/** Undefined where the filter is refused, which must be by POLICY_INVALID with a caret. */
function parsed(text: string): Condition | undefined {
  try {
    return parseFilter(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DynaferryError);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', message: expect.stringMatching(/\n\s*\^$/) });
    return undefined;
  }
}

function evaluator(condition: Condition, encoding: Encoding): (item: Item) => boolean {
  const names = new NameTable(['PK', ...namesOf(condition)]);
  const passes = compileFilter(condition, names);
  const view = new ItemView(names);
  return (item) => {
    view.read(encodedOnce(item, encoding), 0);
    return passes(view);
  };
}

const encoded = new Map<Encoding, WeakMap<Item, Buffer>>();

function encodedOnce(item: Item, encoding: Encoding): Buffer {
  const known = encoded.get(encoding) ?? new WeakMap<Item, Buffer>();
  encoded.set(encoding, known);
  const bytes = known.get(item) ?? encoding.of(item);
  known.set(item, bytes);
  return bytes;
}

async function scanWith(condition: Condition): Promise<Item[]> {
  const pushed = pushDown(condition);
  expect(pushed).toBeDefined();
  return scan({ ...pushed });
}

async function scan(parameters: object): Promise<Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const answer = await client.call('Scan', { TableName, ExclusiveStartKey, ...parameters });
    const page = JSON.parse(answer) as { Items: Item[]; LastEvaluatedKey?: unknown };
    items.push(...page.Items);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}

function keysOf(items: Item[]): string[] {
  return items.map((item) => ('S' in item['PK'] ? item['PK'].S : '')).sort();
}

/** JSON with every character escaped that may be: all beyond ASCII, slashes, and letters of values now and then. */
function escapeAll(json: string): string {
  return json
    .replaceAll('/', '\\/')
    .replaceAll(/[^\0-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
