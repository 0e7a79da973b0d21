import * as fc from 'fast-check';
import { ItemView, NameTable } from '../../../src/model/item.ts';
import { canonicalNumber, fitsDynamoDb } from '../../../src/model/number.ts';
import { ItemProfiler } from '../../../src/stages/inspect/item-profiler.ts';
import { PathTree, defaultPathLimits, type PathLimits } from '../../../src/stages/inspect/path-tree.ts';

/** An attribute value and an item as DynamoDB JSON has them. */
export type Value = { [type: string]: unknown };
export type Item = Record<string, Value>;

const text = fc.string({ unit: 'binary', maxLength: 12 });
/** Few names, so that items share paths; some need escapes in JSON, some quotes in a path. */
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'B', 'first-name', 'a.b', 'quo"te', 'back\\slash', '名前'),
  text.filter((one) => one !== ''),
);
const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,37})$/);
const number = fc
  .oneof(
    digits,
    fc.tuple(digits, fc.stringMatching(/^\d{1,20}$/)).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.tuple(digits, fc.integer({ min: -120, max: 120 })).map(([whole, power]) => `${whole}E${power}`),
  )
  .filter(fitsDynamoDb);
const binary = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'));

/** A set has one to three members, none of them empty, no two the same. */
function set(member: fc.Arbitrary<string>, identity = (one: string) => one): fc.Arbitrary<string[]> {
  const filled = member.filter((one) => one !== '');
  return fc.uniqueArray(filled, { minLength: 1, maxLength: 3, selector: identity });
}

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text.map((S) => ({ S })),
    number.map((N) => ({ N })),
    binary.map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true }),
    set(text).map((SS) => ({ SS })),
    set(number, canonicalNumber).map((NS) => ({ NS })),
    set(binary).map((BS) => ({ BS })),
    fc.array(tie('value'), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }).map((M) => ({ M })),
  ),
}));

/** Items that DynamoDB can hold, apart from a key. */
export const arbitraryItem: fc.Arbitrary<Item> = fc.dictionary(name, value, { maxKeys: 6 });

/** The same item written in the ways that services write JSON. */
export const writers: ((item: Item) => string)[] = [
  (item) => JSON.stringify(item),
  (item) => JSON.stringify(item, null, 1),
  (item) =>
    JSON.stringify(item)
      .replaceAll('/', '\\/')
      .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
];

/** Profiles the items; their sizes, and the tree. */
export function profile(
  texts: readonly string[],
  limits: Partial<PathLimits> = {},
): { sizes: number[]; tree: PathTree } {
  const tree = new PathTree({ ...defaultPathLimits, ...limits });
  const profiler = new ItemProfiler(tree);
  const view = new ItemView(new NameTable([]));
  const sizes = texts.map((json) => {
    view.read(Buffer.from(json), 0);
    return profiler.add(view);
  });
  return { sizes, tree };
}
