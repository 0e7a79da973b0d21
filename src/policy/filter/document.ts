import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  closingQuote,
  expectByte,
  skipSpace,
  skipValue,
} from '../../model/json-bytes.ts';
import { hasEscapes, utf8Of } from './located-value.ts';

/** Where the value of the map entry with this name begins, or -1; the map's `{` is at `at`. Reads no further than the entry. */
export function findEntry(bytes: Buffer, at: number, name: Buffer): number {
  let i = expectByte(bytes, at, OPEN_BRACE);
  while (bytes[i] !== CLOSE_BRACE) {
    const nameEnd = closingQuote(bytes, i + 1);
    const found = isName(bytes, i + 1, nameEnd, name);
    i = expectByte(bytes, skipSpace(bytes, nameEnd + 1), COLON);
    if (found) return i;
    i = skipSpace(bytes, skipValue(bytes, i));
    if (bytes[i] !== CLOSE_BRACE) i = expectByte(bytes, i, COMMA);
  }
  return -1;
}

function isName(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  if (hasEscapes(bytes, start, end)) return utf8Of(bytes, start, end).equals(name);
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}

/** Where the element with this index begins, or -1; the list's `[` is at `at`. Reads no further than the element. */
export function findElement(bytes: Buffer, at: number, index: number): number {
  let i = expectByte(bytes, at, OPEN_BRACKET);
  for (let k = 0; bytes[i] !== CLOSE_BRACKET; k++) {
    if (k === index) return i;
    i = skipSpace(bytes, skipValue(bytes, i));
    if (bytes[i] !== CLOSE_BRACKET) i = expectByte(bytes, i, COMMA);
  }
  return -1;
}
