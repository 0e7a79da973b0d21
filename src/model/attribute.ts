import {
  COLON,
  MalformedJson,
  OPEN_BRACE,
  QUOTE,
  closingQuote,
  expectByte,
  skipSpace,
  skipValue,
} from './json-bytes.ts';

/** DynamoDB's type descriptors, as they stand in DynamoDB JSON. */
export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS';

const S = 0x53;
const N = 0x4e;
const B = 0x42;

/** One attribute value as a range: its type and where what stands behind the type descriptor begins and ends. */
export interface ValueRange {
  type: AttributeType;
  /** For S, N and B the text between the quotes; for M, L and sets the `{…}` or `[…]`; for BOOL and NULL the literal. */
  start: number;
  end: number;
}

/**
 * Reads the attribute value whose `{` is at `at` into `into`, which is returned.
 * Throws MalformedJson where there is no type descriptor that DynamoDB knows.
 */
export function readValue(bytes: Buffer, at: number, into: ValueRange): ValueRange {
  let i = expectByte(bytes, at, OPEN_BRACE);
  if (bytes[i] !== QUOTE) throw new MalformedJson('expected a type descriptor', i);
  const tagEnd = closingQuote(bytes, i + 1);
  const type = typeAt(bytes, i + 1, tagEnd);
  i = expectByte(bytes, skipSpace(bytes, tagEnd + 1), COLON);
  const end = skipValue(bytes, i);
  const quoted = type === 'S' || type === 'N' || type === 'B';
  if (quoted && bytes[i] !== QUOTE) throw new MalformedJson(`expected a string behind ${type}`, i);
  into.type = type;
  into.start = quoted ? i + 1 : i;
  into.end = quoted ? end - 1 : end;
  return into;
}

/** A ValueRange to read into. */
export function newValueRange(): ValueRange {
  return { type: 'NULL', start: 0, end: 0 };
}

function typeAt(bytes: Buffer, start: number, end: number): AttributeType {
  if (end - start === 1) {
    const c = bytes[start];
    if (c === S) return 'S';
    if (c === N) return 'N';
    if (c === B) return 'B';
  }
  const tag = bytes.toString('latin1', start, end);
  switch (tag) {
    case 'BOOL':
    case 'NULL':
    case 'M':
    case 'L':
    case 'SS':
    case 'NS':
    case 'BS':
      return tag;
    default:
      throw new MalformedJson('unknown type descriptor', start);
  }
}
