/**
 * Walking over JSON text as bytes, without building values. All positions are byte offsets; `end` is exclusive.
 * The text is taken to be well-formed where it lies between brackets; what is checked is what a truncated or damaged page would break.
 */

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;

/** JSON text that ends too early or does not have the form of DynamoDB JSON. `offset` is where it was noticed; the message never holds data. */
export class MalformedJson extends Error {
  readonly offset: number;
  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset}`);
    this.name = 'MalformedJson';
    this.offset = offset;
  }
}

/** The first position from `at` on that is not white space. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}

/** Past how many bytes of one string the native search is faster than the loop. */
const LONG_STRING = 48;

/** `at` is behind the opening quote; returns the position of the closing one. */
export function closingQuote(bytes: Buffer, at: number): number {
  const limit = Math.min(bytes.length, at + LONG_STRING);
  let i = at;
  while (i < limit) {
    const c = bytes[i];
    if (c === QUOTE) return i;
    i += c === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) throw new MalformedJson('a string does not end', at);
    // An odd number of backslashes before it makes it part of the string.
    let before = quote;
    while (before > i && bytes[before - 1] === BACKSLASH) before--;
    if (((quote - before) & 1) === 0) return quote;
    i = quote + 1;
  }
}

/** The same over a view of the same bytes: most of a string is passed four bytes at a time. */
export function closingQuoteIn(bytes: Buffer, view: DataView, at: number): number {
  const limit = Math.min(bytes.length - 4, at + LONG_STRING);
  let i = at;
  while (i <= limit) {
    const word = view.getInt32(i, true);
    // Bit 7 of a byte that is zero, and maybe of one behind it, is set (Hacker's Delight, "Find First 0-Byte").
    const quotes = word ^ 0x22222222;
    const backslashes = word ^ 0x5c5c5c5c;
    const found = ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
    if ((found & 0x80808080) !== 0) break;
    i += 4;
  }
  return closingQuote(bytes, i);
}

/** `at` is the first byte of any value; returns the position behind its last byte. */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return closingQuote(bytes, at + 1) + 1;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipLiteral(bytes, at);
  let depth = 0;
  for (let i = at; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === QUOTE) i = closingQuote(bytes, i + 1);
    else if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return i + 1;
  }
  throw new MalformedJson('a value does not end', at);
}

function skipLiteral(bytes: Buffer, at: number): number {
  let i = at;
  while (i < bytes.length) {
    const c = bytes[i];
    if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c <= 0x20) break;
    i++;
  }
  if (i === at) throw new MalformedJson('a value is missing', at);
  return i;
}

/** Throws unless the byte at `at` is `byte`; returns the position behind it and any white space. */
export function expectByte(bytes: Buffer, at: number, byte: number): number {
  if (bytes[at] !== byte) throw new MalformedJson(`expected '${String.fromCharCode(byte)}'`, at);
  return skipSpace(bytes, at + 1);
}

/** The text of a JSON string between its quotes (exclusive), escapes resolved. */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  // The search must end with the string: a page goes on for a megabyte behind it.
  if (!bytes.subarray(start, end).includes(BACKSLASH)) return bytes.toString('utf8', start, end);
  try {
    return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
  } catch {
    // JSON.parse quotes the text in its message.
    throw new MalformedJson('a string has an invalid escape', start);
  }
}

/**
 * Walks over the members of the object that starts at `at`; `read` gets the name's range (without quotes) and where the value begins, and
 * returns the position behind the value. Returns the position behind the object.
 */
export function walkMembers(
  bytes: Buffer,
  at: number,
  read: (nameStart: number, nameEnd: number, valueStart: number) => number,
): number {
  let i = expectByte(bytes, at, OPEN_BRACE);
  if (bytes[i] === CLOSE_BRACE) return i + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) throw new MalformedJson('expected a name', i);
    const nameStart = i + 1;
    const nameEnd = closingQuote(bytes, nameStart);
    i = expectByte(bytes, skipSpace(bytes, nameEnd + 1), COLON);
    i = skipSpace(bytes, read(nameStart, nameEnd, i));
    if (bytes[i] === CLOSE_BRACE) return i + 1;
    i = expectByte(bytes, i, COMMA);
  }
}

/** Calls `each` for every member of the object that starts at `at`; name range without quotes. Returns the position behind the object. */
export function forEachMember(
  bytes: Buffer,
  at: number,
  each: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void,
): number {
  return walkMembers(bytes, at, (nameStart, nameEnd, valueStart) => {
    const valueEnd = skipValue(bytes, valueStart);
    each(nameStart, nameEnd, valueStart, valueEnd);
    return valueEnd;
  });
}

/**
 * Walks over the elements of the array that starts at `at`; `read` gets where an element begins, and returns the position behind it. Returns the position
 * behind the array.
 */
export function walkElements(bytes: Buffer, at: number, read: (start: number) => number): number {
  let i = expectByte(bytes, at, OPEN_BRACKET);
  if (bytes[i] === CLOSE_BRACKET) return i + 1;
  for (;;) {
    i = skipSpace(bytes, read(i));
    if (bytes[i] === CLOSE_BRACKET) return i + 1;
    i = expectByte(bytes, i, COMMA);
  }
}

/** Calls `each` for every element of the array that starts at `at`; returning false stops. Returns the position behind the array, or behind the element it stopped at. */
export function forEachElement(
  bytes: Buffer,
  at: number,
  each: (start: number, end: number) => boolean | void,
): number {
  let i = expectByte(bytes, at, OPEN_BRACKET);
  if (bytes[i] === CLOSE_BRACKET) return i + 1;
  for (;;) {
    const end = skipValue(bytes, i);
    if (each(i, end) === false) return end;
    i = skipSpace(bytes, end);
    if (bytes[i] === CLOSE_BRACKET) return i + 1;
    i = expectByte(bytes, i, COMMA);
  }
}
