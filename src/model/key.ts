import { readValue, newValueRange } from './attribute.ts';
import { canonicalNumber, isNumber } from './number.ts';
import { decodeString } from './json-bytes.ts';
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
      const text = decodeString(item.bytes, value.start, value.end);
      if (value.type === 'N' && !isNumber(text)) return undefined;
      const part = value.type === 'N' ? canonicalNumber(text) : text;
      // The length in front keeps ('a','bc') and ('ab','c') apart.
      identity += `${part.length}:${part}`;
    }
    return identity;
  }
}
