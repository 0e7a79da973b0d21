import * as fc from 'fast-check';

/** An attribute value as a plain object; binary in base64. */
export type Value =
  | { S: string }
  | { N: string }
  | { B: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { SS: string[] }
  | { NS: string[] }
  | { BS: string[] }
  | { L: Value[] }
  | { M: [string, Value][] };

export type Item = Map<string, Value>;

const name = fc.oneof(
  fc.constantFrom('a', 'A', 'b', '0', '10', '2', 'é', 'with "quotes"', '__proto__', '\u{1F600}', '￿'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }).map(wellFormed),
);
const text = fc.string({ unit: 'binary', maxLength: 12 }).map(wellFormed);
const binary = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64'));
/** Up to 38 digits and an exponent: whole numbers, fractions, large and small ones, zero. */
export const decimal = fc
  .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^(0|[1-9][0-9]{0,37})$/), fc.integer({ min: -100, max: 80 }))
  .map(([sign, digits, exponent]) => `${sign}${digits}E${exponent}`);

export const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: text }),
    fc.record({ N: decimal }),
    fc.record({ B: binary }),
    fc.record({ BOOL: fc.boolean() }),
    fc.record({ NULL: fc.constant(true as const) }),
    fc.record({ SS: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }) }),
    fc.record({
      NS: fc.uniqueArray(decimal, { minLength: 1, maxLength: 4, selector: plainNumber }),
    }),
    fc.record({ BS: fc.uniqueArray(binary, { minLength: 1, maxLength: 4 }) }),
    fc.record({ L: fc.array(tie('value'), { maxLength: 4 }) }),
    fc.record({ M: fc.uniqueArray(fc.tuple(name, tie('value')), { maxLength: 4, selector: ([key]) => key }) }),
  ),
}));

/** Attributes of an item beside its key. */
export const attributes: fc.Arbitrary<[string, Value][]> = fc.uniqueArray(fc.tuple(name, value), {
  maxLength: 5,
  selector: ([key]) => key,
});

function wellFormed(from: string): string {
  // A lone surrogate has no UTF-8.
  return from.replaceAll(/\p{Surrogate}/gu, '?');
}

/** Writes an item as DynamoDB JSON in one of many ways that mean the same: `choice` gives whole numbers from 0 to below its argument. */
export function writeItem(item: Item, choice: (below: number) => number): string {
  return writeMap([...item], choice);
}

function writeMap(entries: [string, Value][], choice: (below: number) => number): string {
  const parts = shuffled(entries, choice).map(
    ([key, held]) => `${writeText(key, choice)}${space(choice)}:${space(choice)}${writeValue(held, choice)}`,
  );
  return `{${parts.join(`${space(choice)},`)}}`;
}

function writeValue(held: Value, choice: (below: number) => number): string {
  const set = (members: string[], write: (member: string) => string): string =>
    `[${shuffled(members, choice).map(write).join(',')}]`;
  const string = (member: string): string => writeText(member, choice);
  const number = (member: string): string => `"${writeNumber(member, choice)}"`;
  if ('S' in held) return `{"S":${string(held.S)}}`;
  if ('N' in held) return `{"N":${number(held.N)}}`;
  if ('B' in held) return `{"B":"${choice(2) === 0 ? held.B : held.B.replaceAll('/', '\\/')}"}`;
  if ('SS' in held) return `{"SS":${set(held.SS, string)}}`;
  if ('NS' in held) return `{"NS":${set(held.NS, number)}}`;
  if ('BS' in held) return `{"BS":${set(held.BS, (member) => `"${member}"`)}}`;
  if ('L' in held) return `{"L":[${held.L.map((element) => writeValue(element, choice)).join(',')}]}`;
  if ('M' in held) return `{"M":${writeMap(held.M, choice)}}`;
  return JSON.stringify(held);
}

function space(choice: (below: number) => number): string {
  return choice(6) === 0 ? ' ' : '';
}

function writeText(held: string, choice: (below: number) => number): string {
  if (choice(3) > 0) return JSON.stringify(held);
  const units = Array.from({ length: held.length }, (_, i) => held.charCodeAt(i));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
}

function writeNumber(held: string, choice: (below: number) => number): string {
  const [mantissa, exponent = '0'] = held.split('E');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace('-', '');
  switch (choice(4)) {
    case 0:
      return held;
    case 1:
      return `${sign}${digits}.0e${exponent}`;
    case 2:
      return `${sign}0.${digits}E${Number(exponent) + digits.length}`;
    default:
      return `${sign}00${digits}0E+${Number(exponent) - 1}`.replace('+-', '-');
  }
}

function shuffled<T>(list: readonly T[], choice: (below: number) => number): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = choice(i + 1);
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** A text that two values share exactly when they are equal to DynamoDB. Shares no code with the product. */
export function plainItem(item: Item): string {
  return plainMap([...item]);
}

function plainMap(entries: [string, Value][]): string {
  return JSON.stringify(entries.map(([key, held]) => `${JSON.stringify(key)}=${plainValue(held)}`).sort());
}

function plainValue(held: Value): string {
  if ('N' in held) return `N${plainNumber(held.N)}`;
  if ('NS' in held) return `NS${JSON.stringify(held.NS.map(plainNumber).sort())}`;
  if ('SS' in held) return `SS${JSON.stringify([...held.SS].sort())}`;
  if ('BS' in held) return `BS${JSON.stringify([...held.BS].sort())}`;
  if ('L' in held) return `L${JSON.stringify(held.L.map(plainValue))}`;
  if ('M' in held) return `M${plainMap(held.M)}`;
  return JSON.stringify(held);
}

/** Scaled to a whole number: exponents are above -101. */
export function plainNumber(held: string): string {
  const [mantissa, exponent = '0'] = held.split('E');
  return (BigInt(mantissa) * 10n ** BigInt(Number(exponent) + 101)).toString();
}
