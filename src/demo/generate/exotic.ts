import type { Random } from './random.ts';

/** Of names and values together, in UTF-8 (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html). */
const ITEM_BYTES_MAX = 400 * 1024;
/** Levels of an attribute's value, the innermost string being one (same page; DynamoDB Local counts so). */
const NESTING_MAX = 32;

/** Names that are hard on parsers, expressions, paths, file formats and JavaScript objects. */
const oddNames = [
  'a.b',
  '#x',
  ':v',
  'with space',
  ' leading',
  "it's",
  'say "hi"',
  'back\\slash',
  'a/b',
  'a[0]',
  '[0]',
  '0',
  '-1',
  'größe',
  '国家',
  '😀',
  'tab\there',
  'line\nbreak',
  'e\u0301',
  'é',
  '\u202e',
  'COUNTRY',
  'Country',
  'size',
  'NULL',
  'S',
  'Item',
  'constructor',
  '__proto__',
  'toString',
  '$ref',
];

const oddTexts = [
  '',
  ' ',
  '"',
  '\\',
  '\\u0041',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u2028\u2029',
  '\ufeff',
  '\ufffd',
  '\uffff',
  '👩‍👩‍👧',
  'שלום',
  '{"S":"x"}',
  '],}',
];

const oddNumbers = [
  '0',
  '-0',
  '1E-130',
  '-1E-130',
  '9.9999999999999999999999999999999999999E+125',
  '-9.9999999999999999999999999999999999999E+125',
  '1.50',
  '100',
  '1E2',
  '0.1',
  '0.30000000000000004',
  '9007199254740993',
  '12345678901234567890123456789012345678',
  '-0.00000000000000000000000000000000000001',
];

/** What is odd about an item: further attributes, made from random numbers. */
type Oddity = (random: Random) => Record<string, object>;

export const oddities: Readonly<Record<string, Oddity>> = {
  everyType: (random) => ({
    ...oneOfEach(random),
    list: { L: Object.values(oneOfEach(random)) },
    map: { M: oneOfEach(random) },
  }),
  nesting: (random) => ({ deep: nested(1 + random.below(NESTING_MAX), random), deepest: nested(NESTING_MAX, random) }),
  sets: (random) => ({
    strings: {
      SS: [...new Set(['China', 'china', '', ...oddTexts.slice(1), random.uuid()])].filter((text) => text !== ''),
    },
    numbers: { NS: ['0', '-1', '1E-130', `${1 + random.below(9)}.${random.digits(36)}1`, `-${random.digits(9)}.5`] },
    binaries: {
      BS: [0, 1, 2, 3].map((length) => Buffer.concat([Buffer.from([length]), random.bytes(length)]).toString('base64')),
    },
    one: { SS: [random.uuid()] },
  }),
  numbers: (random) => ({
    ...Object.fromEntries(oddNumbers.map((text, i) => [`n${i}`, { N: text }])),
    digits38: { N: `-${1 + random.below(9)}${random.digits(36)}${1 + random.below(9)}` },
    small: { N: `${1 + random.below(9)}.${random.digits(36)}1E-${random.below(90)}` },
    large: { N: `${1 + random.below(9)}.${random.digits(36)}1E+${random.below(126)}` },
  }),
  names: () => Object.fromEntries(oddNames.map((name) => [name, { S: name === 'Country' ? 'China' : 'odd name' }])),
  texts: (random) => ({
    ...Object.fromEntries(oddTexts.map((text, i) => [`t${i}`, { S: text }])),
    texts: { L: oddTexts.map((S) => ({ S })) },
    mixed: { S: `${random.pick(oddTexts)}${random.uuid()}${random.pick(oddTexts)}` },
  }),
  empty: () => ({
    string: { S: '' },
    binary: { B: '' },
    list: { L: [] },
    map: { M: {} },
    nothing: { NULL: true },
    inner: { L: [{ L: [] }, { M: {} }, { S: '' }, { NULL: true }] },
  }),
};

function oneOfEach(random: Random): Record<string, object> {
  return {
    s: { S: random.pick(oddTexts) },
    n: { N: random.pick(oddNumbers) },
    b: { B: random.bytes(random.below(40)).toString('base64') },
    yes: { BOOL: true },
    no: { BOOL: false },
    nothing: { NULL: true },
    ss: { SS: ['b', 'a', random.uuid()] },
    ns: { NS: ['10', '9', `${random.digits(3)}.25`] },
    bs: { BS: ['AA==', 'AQ==', random.bytes(8).toString('base64')] },
  };
}

/** A value of that many levels: lists and maps in turn, with a string in the middle. */
function nested(levels: number, random: Random): object {
  let value: object = { S: random.uuid() };
  for (let level = 1; level < levels; level++) value = level % 2 === 0 ? { L: [value] } : { M: { in: value } };
  return value;
}

/** One attribute that brings an item of `itemBytes` to within some hundred bytes of DynamoDB's limit. */
export function bulk(random: Random, itemBytes: number): Record<string, object> {
  const room = ITEM_BYTES_MAX - itemBytes - 'bulk'.length;
  if (random.below(2) === 0) return { bulk: { B: random.bytes(room).toString('base64') } };
  const text = `${random.uuid()} 国家 😀 `;
  const size = Buffer.byteLength(text);
  return { bulk: { S: text.repeat(Math.floor(room / size)) + '.'.repeat(room % size) } };
}
