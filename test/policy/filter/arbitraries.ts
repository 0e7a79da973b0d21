import * as fc from 'fast-check';
import { canonicalNumber } from '../../../src/model/number.ts';
import type { AttributeValue } from '../../../src/policy/filter/attribute-value.ts';

/** Few names, so that filters meet what items have: reserved words, odd characters, names that differ in case or in a dot. */
const NAMES = [
  'a',
  'b',
  'A',
  'name',
  'size',
  'and',
  'odd name',
  'a.b',
  'x"y',
  "it's",
  '中国',
  '😀',
  'back\\slash',
  'a\n',
];
const NUMBERS = [
  '0',
  '-0',
  '0E7',
  '1',
  '1.0',
  '1E0',
  '10E-1',
  '001',
  '-1',
  '2',
  '3',
  '9',
  '10',
  '1E1',
  '100',
  '1E2',
  '-10',
  '0.1',
  '.1',
  '0.10',
  '1700000000.123456',
  '12345678901234567890123456789012345678',
  '12345678901234567890123456789012345679',
  '123456789012345',
  '1234567890123456',
  '1234567890123457',
  '9007199254740992',
  '9007199254740993',
  '0.30000000000000004',
  '0.3',
  '1E-130',
  '-1E-130',
  '9.9999999999999999999999999999999999999E+125',
  '1E125',
];
const STRINGS = [
  '',
  'a',
  'ab',
  'abc',
  'abcabc',
  'b',
  'B',
  '1',
  'S',
  'China',
  'china',
  '中',
  '中国',
  '国',
  'é',
  'e\u0301',
  '😀',
  '😀😀',
  '\uff5e',
  '\uffff',
  'a"b',
  '"',
  'a\\b',
  '\\',
  'a/b',
  '\n',
  '\t',
  '\u0001',
  "it's",
  "'",
  ' ',
  'x'.repeat(70),
  `${'x'.repeat(70)}y`,
  `${'x'.repeat(70)}"`,
];
const BINARIES = ['', '00', '01', '7f', '80', 'ff', '00ff', 'ff00', '0001', 'fbefbe', 'fbefbeff', 'ffffff'];

const nameArb = fc.constantFrom(...NAMES);
const numberArb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.integer({ min: -20, max: 20 }).map(String) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9, max: 9 }))
      .map(([m, e]) => `${m}E${e}`),
  },
);
const stringArb = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...STRINGS), fc.constantFrom(...STRINGS)).map((two) => two.join('')),
  },
);
const binaryArb = fc.constantFrom(...BINARIES).map((hex) => Buffer.from(hex, 'hex').toString('base64'));

const scalarArb: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 4, arbitrary: stringArb.map((S) => ({ S })) },
  { weight: 4, arbitrary: numberArb.map((N) => ({ N })) },
  { weight: 2, arbitrary: binaryArb.map((B) => ({ B })) },
  { weight: 1, arbitrary: fc.boolean().map((BOOL) => ({ BOOL })) },
  { weight: 1, arbitrary: fc.constant({ NULL: true as const }) },
);
const setArb: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.uniqueArray(stringArb, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
  fc.uniqueArray(numberArb, { minLength: 1, maxLength: 3, selector: canonicalNumber }).map((NS) => ({ NS })),
  fc.uniqueArray(binaryArb, { minLength: 1, maxLength: 3 }).map((BS) => ({ BS })),
);

/** Any value that DynamoDB can hold, in DynamoDB JSON, `depth` levels of lists and maps deep. */
function valueArb(depth: number): fc.Arbitrary<AttributeValue> {
  if (depth === 0) return fc.oneof({ weight: 5, arbitrary: scalarArb }, { weight: 2, arbitrary: setArb });
  const inner = valueArb(depth - 1);
  return fc.oneof(
    { weight: 5, arbitrary: scalarArb },
    { weight: 2, arbitrary: setArb },
    { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }).map((L) => ({ L })) },
    { weight: 1, arbitrary: fc.dictionary(nameArb, inner, { maxKeys: 4 }).map((M) => ({ M: { ...M } })) },
  );
}

/** An item without its key: some of the names, each with any value. */
export const itemArb: fc.Arbitrary<Record<string, AttributeValue>> = fc
  .dictionary(nameArb, valueArb(3), { maxKeys: NAMES.length })
  .map((item) => ({ ...item }));

/** A name as a filter has it: quoted where it must be, and sometimes where not. */
const writtenNameArb = fc.tuple(nameArb, fc.boolean()).map(([name, quote]) => {
  const plain = /^[A-Za-z]\w*$/.test(name) && name !== 'and';
  return plain && !quote ? name : `"${name.replaceAll('"', '""')}"`;
});
const stepArb = fc.oneof(
  writtenNameArb.map((name) => `.${name}`),
  fc.nat({ max: 3 }).map((index) => `[${index}]`),
);
const pathArb = fc
  .tuple(
    writtenNameArb,
    fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, fc.array(stepArb, { maxLength: 3 })),
  )
  .map(([name, steps]) => name + steps.join(''));

/** A value as a filter's literal. */
function literalText(value: AttributeValue): string {
  if ('S' in value) return `'${value.S.replaceAll("'", "''")}'`;
  if ('N' in value) return value.N;
  if ('B' in value) return `x'${Buffer.from(value.B, 'base64').toString('hex')}'`;
  if ('BOOL' in value) return value.BOOL ? 'TRUE' : 'false';
  if ('NULL' in value) return 'Null';
  if ('SS' in value) return `<<${value.SS.map((S) => literalText({ S })).join(',')}>>`;
  if ('NS' in value) return `<<${value.NS.join(', ')}>>`;
  if ('BS' in value) return `<<${value.BS.map((B) => literalText({ B })).join(',')}>>`;
  if ('L' in value) return `[${value.L.map(literalText).join(', ')}]`;
  const entries = Object.entries(value.M).map(([name, inner]) => `${literalText({ S: name })}: ${literalText(inner)}`);
  return `{${entries.join(', ')}}`;
}

const literalArb = valueArb(2).map(literalText);
const orderedLiteralArb = fc
  .oneof(
    stringArb.map((S) => ({ S })),
    numberArb.map((N) => ({ N })),
    binaryArb.map((B) => ({ B })),
  )
  .map(literalText);
const sizeArb = pathArb.map((path) => `size(${path})`);
const smallNumberArb = fc.integer({ min: -1, max: 6 }).map(String);
const operandArb = fc.oneof(
  { weight: 4, arbitrary: pathArb },
  { weight: 4, arbitrary: literalArb },
  { weight: 1, arbitrary: sizeArb },
);
const equalityArb = fc.constantFrom('=', '<>');
const comparatorArb = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');
const join = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((each) => each.join(' '));
const word = (text: string): fc.Arbitrary<string> => fc.constant(text);

const simpleArb = fc.oneof(
  join(pathArb, equalityArb, literalArb),
  join(operandArb, comparatorArb, operandArb),
  join(pathArb, comparatorArb, orderedLiteralArb),
  join(orderedLiteralArb, comparatorArb, pathArb),
  join(sizeArb, comparatorArb, smallNumberArb),
  join(sizeArb, comparatorArb, sizeArb),
  join(pathArb, word('BETWEEN'), orderedLiteralArb, word('AND'), orderedLiteralArb),
  join(operandArb, word('between'), operandArb, word('and'), operandArb),
  join(sizeArb, word('Between'), smallNumberArb, word('AND'), smallNumberArb),
  fc
    .tuple(operandArb, fc.array(operandArb, { minLength: 1, maxLength: 4 }))
    .map(([one, many]) => `${one} IN (${many.join(', ')})`),
  pathArb.map((path) => `attribute_exists(${path})`),
  pathArb.map((path) => `attribute_not_exists(${path})`),
  fc
    .tuple(pathArb, fc.constantFrom('S', 'N', 'B', 'BOOL', 'NULL', 'L', 'M', 'SS', 'NS', 'BS'))
    .map(([path, type]) => `attribute_type(${path}, '${type}')`),
  fc.tuple(operandArb, operandArb).map((both) => `begins_with(${both.join(', ')})`),
  fc.tuple(pathArb, orderedLiteralArb).map((both) => `begins_with(${both.join(', ')})`),
  fc.tuple(operandArb, operandArb).map((both) => `contains(${both.join(', ')})`),
  fc.tuple(pathArb, literalArb).map((both) => `contains(${both.join(', ')})`),
);

/** A filter as text. Some are not valid (two literals compared, bounds the wrong way round): parseFilter must refuse those. */
export const filterArb: fc.Arbitrary<string> = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: simpleArb },
    { weight: 1, arbitrary: tie('filter').map((inner) => `NOT (${inner})`) },
    { weight: 1, arbitrary: tie('filter').map((inner) => `not ${inner}`) },
    { weight: 1, arbitrary: fc.tuple(tie('filter'), tie('filter')).map((both) => both.join(' AND ')) },
    { weight: 1, arbitrary: fc.tuple(tie('filter'), tie('filter')).map((both) => both.join(' or ')) },
    { weight: 1, arbitrary: fc.tuple(tie('filter'), tie('filter')).map(([a, b]) => `((${a})) AND (${b})`) },
  ),
})).filter;
