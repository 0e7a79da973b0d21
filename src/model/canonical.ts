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

  /** The form of the item; valid until the next call. `skip` names attributes that are left out, by id in the view's name table. */
  write(item: ItemView, skip: ReadonlySet<number> = new Set()): Buffer {
    this.#length = 0;
    const order: { name: Buffer; index: number }[] = [];
    for (let i = 0; i < item.count; i++) {
      if (skip.size > 0 && skip.has(item.nameId[i])) continue;
      order.push({ name: plainText(item.bytes, item.nameStart[i], item.nameEnd[i]), index: i });
    }
    order.sort((a, b) => Buffer.compare(a.name, b.name));
    for (const { name, index } of order) {
      this.#field(name);
      this.#value(item.bytes, item.valueStart[index]);
    }
    return this.#out.subarray(0, this.#length);
  }

  #value(bytes: Buffer, at: number): void {
    const value = readValue(bytes, at, newValueRange());
    const { type, start, end } = value;
    switch (type) {
      case 'S':
        this.#tag('S');
        return this.#field(plainText(bytes, start, end));
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
    this.#reserve(4);
    this.#length += this.#out.write(tag, this.#length, 'latin1');
  }

  #count(count: number): void {
    this.#reserve(4);
    this.#length = this.#out.writeUInt32BE(count, this.#length);
  }

  #field(content: Buffer): void {
    this.#reserve(content.length + 4);
    this.#length = this.#out.writeUInt32BE(content.length, this.#length);
    this.#length += content.copy(this.#out, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#out.length * 2, this.#length + bytes));
    this.#out.copy(bigger, 0, 0, this.#length);
    this.#out = bigger;
  }
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
