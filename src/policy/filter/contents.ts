import { BACKSLASH, decodeString, forEachElement, forEachMember } from '../../model/json-bytes.ts';
import { equalValues } from './equality.ts';
import { binaryOf, contentOf, hasEscapes, locate, newLocatedValue } from './located-value.ts';
import type { AttributeType } from '../../model/attribute.ts';
import type { LocatedValue } from './located-value.ts';

/** begins_with: both strings or both binary, and the one begins with the other. */
export function beginsWith(whole: LocatedValue, part: LocatedValue): boolean {
  if (whole.type !== part.type || (whole.type !== 'S' && whole.type !== 'B')) return false;
  if (whole.type === 'S' && !hasEscapes(part.bytes, part.start, part.end)) {
    const common = commonLength(whole, part);
    if (common === part.end - part.start) return true;
    // A backslash there may be an escape for the very character that is wanted.
    if (whole.bytes[whole.start + common] !== BACKSLASH) return false;
  }
  const content = contentOf(whole);
  const prefix = contentOf(part);
  return content.subarray(0, prefix.length).equals(prefix);
}

/** How many bytes both begin with. */
function commonLength(whole: LocatedValue, part: LocatedValue): number {
  const length = Math.min(part.end - part.start, whole.end - whole.start);
  let i = 0;
  while (i < length && whole.bytes[whole.start + i] === part.bytes[part.start + i]) i++;
  return i;
}

/** contains: part of a string or binary value, member of a set, element of a list. */
export function containsValue(whole: LocatedValue, part: LocatedValue): boolean {
  switch (whole.type) {
    case 'S':
    case 'B': {
      if (part.type !== whole.type) return false;
      const wanted = contentOf(part);
      return wanted.length === 0 || contentOf(whole).includes(wanted);
    }
    case 'SS':
      return part.type === 'S' && hasMember(whole, part, 'S');
    case 'NS':
      return part.type === 'N' && hasMember(whole, part, 'N');
    case 'BS':
      return part.type === 'B' && hasMember(whole, part, 'B');
    case 'L':
      return hasElement(whole, part);
    default:
      return false;
  }
}

function hasMember(set: LocatedValue, wanted: LocatedValue, type: AttributeType): boolean {
  const member: LocatedValue = { type, bytes: set.bytes, start: 0, end: 0 };
  let found = false;
  forEachElement(set.bytes, set.start, (start, end) => {
    member.start = start + 1;
    member.end = end - 1;
    found = equalValues(member, wanted);
    return !found;
  });
  return found;
}

function hasElement(list: LocatedValue, wanted: LocatedValue): boolean {
  const element = newLocatedValue();
  let found = false;
  forEachElement(list.bytes, list.start, (start) => {
    found = equalValues(locate(list.bytes, start, element), wanted);
    return !found;
  });
  return found;
}

/**
 * size(): UTF-16 units of a string, bytes of a binary value, members, elements or entries of the others; -1 for types that have no size.
 * DynamoDB counts UTF-16 units, not characters or bytes: '😀' has size 2.
 */
export function sizeOf(value: LocatedValue): number {
  const { type, bytes, start, end } = value;
  switch (type) {
    case 'S':
      return utf16Length(bytes, start, end);
    case 'B':
      return binaryOf(bytes, start, end).length;
    case 'SS':
    case 'NS':
    case 'BS':
    case 'L': {
      let count = 0;
      forEachElement(bytes, start, () => {
        count++;
      });
      return count;
    }
    case 'M': {
      let count = 0;
      forEachMember(bytes, start, () => {
        count++;
      });
      return count;
    }
    default:
      return -1;
  }
}

function utf16Length(bytes: Buffer, start: number, end: number): number {
  let length = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i];
    if (c === BACKSLASH) return decodeString(bytes, start, end).length;
    // Continuation bytes begin no character; characters of four bytes are two units.
    if ((c & 0xc0) !== 0x80) length += c >= 0xf0 ? 2 : 1;
  }
  return length;
}
