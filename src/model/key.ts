import { readValue, newValueRange, type ValueRange } from './attribute.ts';
import { canonicalNumber, isNumber } from './number.ts';
import { BACKSLASH, decodeString } from './json-bytes.ts';
import type { ItemView } from './item.ts';

/** Types that a key attribute may have. */
export type KeyType = 'S' | 'N' | 'B';

/** One attribute of a table's primary key. */
export interface KeyAttribute {
  name: string;
  type: KeyType;
}

/** A table's primary key: partition key, and sort key where there is one. */
export interface KeySchema {
  partition: KeyAttribute;
  sort?: KeyAttribute;
}

/** The key attributes in their order. */
export function keyAttributes(schema: KeySchema): KeyAttribute[] {
  return schema.sort === undefined ? [schema.partition] : [schema.partition, schema.sort];
}

/** Takes the key out of items whose view was made with a NameTable that has the key attributes' names. */
export class KeyReader {
  readonly #ids: number[];
  readonly #types: KeyType[];
  readonly #range = newValueRange();

  constructor(schema: KeySchema, idOf: (name: string) => number) {
    const attributes = keyAttributes(schema);
    this.#ids = attributes.map((attribute) => idOf(attribute.name));
    this.#types = attributes.map((attribute) => attribute.type);
    if (this.#ids.includes(-1)) throw new RangeError('the name table lacks a key attribute');
  }

  /**
   * One text per key value: two items have the same exactly when DynamoDB holds them to be the same item.
   * Undefined when a key attribute is missing, of another type, or a number that is none.
   */
  identity(item: ItemView): string | undefined {
    let identity = '';
    for (let k = 0; k < this.#ids.length; k++) {
      const index = item.indexOf(this.#ids[k]);
      if (index < 0) return undefined;
      const value = readValue(item.bytes, item.valueStart[index], this.#range);
      if (value.type !== this.#types[k]) return undefined;
      const part = canonicalText(item.bytes, value);
      if (part === undefined) return undefined;
      // The length in front keeps ('a','bc') and ('ab','c') apart.
      identity += `${part.length}:${part}`;
    }
    return identity;
  }

  /** A number of 32 bits that items of the same identity have in common; others seldom do. No text is made of a common key. */
  hash(item: ItemView): number {
    let hash = HASH_START;
    for (let k = 0; k < this.#ids.length; k++) {
      const index = item.indexOf(this.#ids[k]);
      if (index < 0) continue;
      const { type, start, end } = readValue(item.bytes, item.valueStart[index], this.#range);
      if (type !== 'N' && isPlain(item.bytes, start, end)) hash = hashBytes(hash, item.bytes, start, end);
      else {
        const text = Buffer.from(canonicalText(item.bytes, this.#range) ?? '');
        hash = hashBytes(hash, text, 0, text.length);
      }
    }
    return hash;
  }
}

/** What two values of a key attribute have in common exactly when they are equal; undefined for a number that is none. */
function canonicalText(bytes: Buffer, { type, start, end }: ValueRange): string | undefined {
  const text = decodeString(bytes, start, end);
  if (type !== 'N') return text;
  return isNumber(text) ? canonicalNumber(text) : undefined;
}

/** Whether the bytes are the text: ASCII without escapes. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH || bytes[i] >= 0x80) return false;
  return true;
}

const HASH_START = 0x811c9dc5 | 0;

/** FNV-1a. */
function hashBytes(before: number, bytes: Buffer, start: number, end: number): number {
  let hash = before;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}
