import { newValueRange, readValue } from './attribute.ts';
import { BACKSLASH, decodeString, forEachElement, forEachMember } from './json-bytes.ts';
import { canonicalNumber } from './number.ts';
import type { ItemView } from './item.ts';

/**
 * Writes an item in its one canonical form: attributes and map entries in the order of their UTF-8 names, set members sorted, numbers by value,
 * escapes resolved. Two items have the same form exactly when DynamoDB holds them to be equal, so a digest of the form compares
 * tables across sites, whichever way each endpoint happens to write its JSON.
 *
 * The form is a sequence of type letters and length-prefixed fields; it is hashed, never stored. Its version is part of the digest
 * format (docs/formats/digests.md): change it only together with that.
 */
export class CanonicalWriter {
  #out = Buffer.allocUnsafe(4096);
  #length = 0;
  #sorted = new Int32Array(0);
  readonly #range = newValueRange();

  /** The form of the item; valid until the next call. `skip` names attributes that are left out, by id in the view's name table. */
  write(item: ItemView, skip: ReadonlySet<number> = NOTHING): Buffer {
    this.#length = 0;
    const order = this.#order(item);
    for (let i = 0; i < item.count; i++) {
      const index = order[i];
      if (skip.size > 0 && skip.has(item.nameId[index])) continue;
      this.#text(item.bytes, item.nameStart[index], item.nameEnd[index]);
      this.#value(item.bytes, item.valueStart[index]);
    }
    return this.#out.subarray(0, this.#length);
  }

  /**
   * The item's attributes in the order of their names. Items of a table mostly have the same attributes in the same order, so sorting begins with the
   * last item's order, by insertion, and is then done in one comparison an attribute.
   */
  #order(item: ItemView): Int32Array {
    const { bytes, count, nameStart, nameEnd } = item;
    if (this.#sorted.length !== count) this.#sorted = Int32Array.from({ length: count }, (_, index) => index);
    const order = this.#sorted;
    for (let i = 1; i < count; i++) {
      const index = order[i];
      let at = i;
      for (; at > 0; at--) {
        const before = order[at - 1];
        if (compareNames(bytes, nameStart[before], nameEnd[before], nameStart[index], nameEnd[index]) <= 0) break;
        order[at] = before;
      }
      order[at] = index;
    }
    return order;
  }

  #value(bytes: Buffer, at: number): void {
    const { type, start, end } = readValue(bytes, at, this.#range);
    switch (type) {
      case 'S':
        this.#tag('S');
        return this.#text(bytes, start, end);
      case 'N':
        this.#tag('N');
        return this.#field(Buffer.from(canonicalNumber(bytes.toString('latin1', start, end)), 'latin1'));
      case 'B':
        this.#tag('B');
        return this.#field(binary(bytes, start, end));
      case 'BOOL':
        return this.#tag(bytes[start] === 0x74 ? 'T' : 'F');
      case 'NULL':
        return this.#tag('0');
      case 'M':
        return this.#map(bytes, start);
      case 'L':
        return this.#list(bytes, start);
      default:
        return this.#set(type, bytes, start);
    }
  }

  #map(bytes: Buffer, at: number): void {
    const entries: { name: Buffer; at: number }[] = [];
    forEachMember(bytes, at, (nameStart, nameEnd, valueStart) => {
      entries.push({ name: plainText(bytes, nameStart, nameEnd), at: valueStart });
    });
    entries.sort((a, b) => Buffer.compare(a.name, b.name));
    this.#tag('M');
    this.#count(entries.length);
    for (const entry of entries) {
      this.#field(entry.name);
      this.#value(bytes, entry.at);
    }
  }

  #list(bytes: Buffer, at: number): void {
    const starts: number[] = [];
    forEachElement(bytes, at, (start) => {
      starts.push(start);
    });
    this.#tag('L');
    this.#count(starts.length);
    for (const start of starts) this.#value(bytes, start);
  }

  #set(type: 'SS' | 'NS' | 'BS', bytes: Buffer, at: number): void {
    const members: Buffer[] = [];
    forEachElement(bytes, at, (start, end) => {
      if (type === 'SS') members.push(plainText(bytes, start + 1, end - 1));
      else if (type === 'BS') members.push(binary(bytes, start + 1, end - 1));
      else members.push(Buffer.from(canonicalNumber(bytes.toString('latin1', start + 1, end - 1)), 'latin1'));
    });
    members.sort((a, b) => Buffer.compare(a, b));
    this.#tag(type);
    this.#count(members.length);
    for (const member of members) this.#field(member);
  }

  #tag(tag: string): void {
    this.#reserve(tag.length);
    for (let i = 0; i < tag.length; i++) this.#out[this.#length++] = tag.charCodeAt(i);
  }

  #count(count: number): void {
    this.#reserve(4);
    this.#length = this.#out.writeUInt32BE(count, this.#length);
  }

  #field(content: Buffer): void {
    this.#count(content.length);
    this.#reserve(content.length);
    this.#length += content.copy(this.#out, this.#length);
  }

  /** The field of a JSON string's content, escapes resolved. Short ones are copied byte by byte, which finds an escape on the way. */
  #text(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    if (length > COPIED_BY_HAND_MAX) return this.#field(plainText(bytes, start, end));
    const before = this.#length;
    this.#count(length);
    this.#reserve(length);
    const out = this.#out;
    let to = this.#length;
    for (let i = start; i < end; i++) {
      const c = bytes[i];
      if (c === BACKSLASH) {
        this.#length = before;
        return this.#field(plainText(bytes, start, end));
      }
      out[to++] = c;
    }
    this.#length = to;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#out.length * 2, this.#length + bytes));
    this.#out.copy(bigger, 0, 0, this.#length);
    this.#out = bigger;
  }
}

const NOTHING: ReadonlySet<number> = new Set();
/** Up to how many bytes a loop is faster than a call into native code. */
const COPIED_BY_HAND_MAX = 96;

/** Compares two names of one item by their UTF-8 bytes, escapes resolved. */
function compareNames(bytes: Buffer, aStart: number, aEnd: number, bStart: number, bEnd: number): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < length; i++) {
    const a = bytes[aStart + i];
    const b = bytes[bStart + i];
    if (a === BACKSLASH || b === BACKSLASH)
      return Buffer.compare(plainText(bytes, aStart, aEnd), plainText(bytes, bStart, bEnd));
    if (a !== b) return a - b;
  }
  return aEnd - aStart - (bEnd - bStart);
}

/** A JSON string's content in UTF-8, escapes resolved. */
function plainText(bytes: Buffer, start: number, end: number): Buffer {
  const slash = bytes.subarray(start, end).indexOf(BACKSLASH);
  return slash < 0 ? bytes.subarray(start, end) : Buffer.from(decodeString(bytes, start, end), 'utf8');
}

function binary(bytes: Buffer, start: number, end: number): Buffer {
  // A JSON writer may escape the slashes of base64.
  return Buffer.from(decodeString(bytes, start, end), 'base64');
}
