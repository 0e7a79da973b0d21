import { forEachElement, forEachMember } from '../../model/json-bytes.ts';
import { canonicalNumber } from '../../model/number.ts';
import { binaryOf, contentOf, hasEscapes, locate, newLocatedValue, sameBytes, utf8Of } from './located-value.ts';
import { compareLocatedNumbers } from './number-order.ts';
import type { LocatedValue } from './located-value.ts';

/** Whether DynamoDB holds the two values to be equal: same type, numbers by value, sets without order, lists and maps deeply. */
export function equalValues(a: LocatedValue, b: LocatedValue): boolean {
  if (a.type !== b.type) return false;
  if (sameBytes(a, b)) return true;
  switch (a.type) {
    case 'S':
      return (hasEscapes(a.bytes, a.start, a.end) || hasEscapes(b.bytes, b.start, b.end)) && sameContent(a, b);
    case 'N':
      return compareLocatedNumbers(a, b) === 0;
    case 'B':
      return sameContent(a, b);
    case 'BOOL':
      return false;
    case 'NULL':
      return true;
    case 'L':
      return equalLists(a, b);
    case 'M':
      return equalMaps(a, b);
    default:
      return equalSets(a, b);
  }
}

function sameContent(a: LocatedValue, b: LocatedValue): boolean {
  return contentOf(a).equals(contentOf(b));
}

function equalLists(a: LocatedValue, b: LocatedValue): boolean {
  const others = elementStarts(b);
  let index = 0;
  let equal = true;
  forEachElement(a.bytes, a.start, (start) => {
    equal = index < others.length && equalAt(a.bytes, start, b.bytes, others[index]);
    index++;
    return equal;
  });
  return equal && index === others.length;
}

function elementStarts(list: LocatedValue): number[] {
  const starts: number[] = [];
  forEachElement(list.bytes, list.start, (start) => {
    starts.push(start);
  });
  return starts;
}

function equalMaps(a: LocatedValue, b: LocatedValue): boolean {
  const others = entryStarts(b);
  const own = entryStarts(a);
  if (own.size !== others.size) return false;
  for (const [name, start] of own) {
    const other = others.get(name);
    if (other === undefined || !equalAt(a.bytes, start, b.bytes, other)) return false;
  }
  return true;
}

function entryStarts(map: LocatedValue): Map<string, number> {
  const starts = new Map<string, number>();
  forEachMember(map.bytes, map.start, (nameStart, nameEnd, valueStart) => {
    starts.set(utf8Of(map.bytes, nameStart, nameEnd).toString(), valueStart);
  });
  return starts;
}

function equalAt(a: Buffer, aStart: number, b: Buffer, bStart: number): boolean {
  return equalValues(locate(a, aStart, newLocatedValue()), locate(b, bStart, newLocatedValue()));
}

function equalSets(a: LocatedValue, b: LocatedValue): boolean {
  const own = memberIdentities(a);
  const others = memberIdentities(b);
  return own.size === others.size && [...own].every((member) => others.has(member));
}

function memberIdentities({ type, bytes, start }: LocatedValue): Set<string> {
  const identities = new Set<string>();
  forEachElement(bytes, start, (from, to) => {
    if (type === 'SS') identities.add(utf8Of(bytes, from + 1, to - 1).toString());
    else if (type === 'NS') identities.add(canonicalNumber(bytes.toString('latin1', from + 1, to - 1)));
    else identities.add(binaryOf(bytes, from + 1, to - 1).toString('latin1'));
  });
  return identities;
}
