import { ExpectedHeads } from './expected-heads.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  COLON,
  COMMA,
  MalformedJson,
  OPEN_BRACE,
  QUOTE,
  closingQuote,
  closingQuoteIn,
  decodeString,
  expectByte,
  skipSpace,
  skipValue,
} from './json-bytes.ts';

/**
 * The attribute names that somebody is interested in, each with a small number (its id, in the order given).
 * Names are looked up by their bytes in JSON text, so that no string is made for an attribute that nobody asks for.
 */
export class NameTable {
  readonly names: readonly string[];
  readonly #encoded: Buffer[];
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #byText: Map<string, number>;

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)];
    this.#byText = new Map(this.names.map((name, id) => [name, id]));
    this.#encoded = this.names.map((name) => Buffer.from(name, 'utf8'));
    let size = 8;
    while (size < this.names.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(size).fill(-1);
    this.#encoded.forEach((name, id) => {
      let slot = hashName(name, 0, name.length) & this.#mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = id;
    });
  }

  /** The id of a name given as text, or -1. */
  idOf(name: string): number {
    return this.#byText.get(name) ?? -1;
  }

  /** The id of the name that lies between two quotes at [start, end), or -1. Escapes in the JSON text are resolved. */
  lookup(bytes: Buffer, start: number, end: number): number {
    for (let i = start; i < end; i++) {
      if (bytes[i] === BACKSLASH) return this.idOf(decodeString(bytes, start, end));
    }
    return this.lookupPlain(bytes, start, end);
  }

  /** The same for a name that is known to have no escapes. */
  lookupPlain(bytes: Buffer, start: number, end: number): number {
    let slot = hashName(bytes, start, end) & this.#mask;
    for (;;) {
      const id = this.#slots[slot];
      if (id < 0 || sameBytes(this.#encoded[id], bytes, start, end)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }
}

function hashName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  // Length, both ends and the middle tell real attribute names apart; the comparison behind it decides.
  return (length * 31 + bytes[start] * 7 + bytes[end - 1] * 131 + bytes[start + (length >> 1)] * 17) | 0;
}

function sameBytes(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}

/**
 * One item as a range of bytes of DynamoDB JSON, with the ranges of its top-level attributes. An object of this class is read
 * again and again for one item after the other, and holds nothing that must be freed.
 */
export class ItemView {
  readonly names: NameTable;
  bytes: Buffer = Buffer.alloc(0);
  /** The item's own range: from its `{` to behind its `}`. */
  start = 0;
  end = 0;
  /** How many top-level attributes it has; the tables below are valid up to here. */
  count = 0;
  /** Range of the i-th attribute's name, without the quotes, escapes as they stand. */
  nameStart = new Int32Array(64);
  nameEnd = new Int32Array(64);
  /** Range of the i-th attribute's value: `{"S":"…"}` from brace to brace. */
  valueStart = new Int32Array(64);
  valueEnd = new Int32Array(64);
  /** The i-th attribute's id in `names`, or -1. */
  nameId = new Int32Array(64);
  readonly #indexOfId: Int32Array;
  readonly #heads = new ExpectedHeads();
  /** Of `bytes`. */
  #words: DataView = new DataView(new ArrayBuffer(0));

  constructor(names: NameTable) {
    this.names = names;
    this.#indexOfId = new Int32Array(names.names.length).fill(-1);
  }

  /** The index of the attribute with this id, or -1 where the item lacks it. */
  indexOf(id: number): number {
    return this.#indexOfId[id];
  }

  /** The name of the i-th attribute as text. */
  nameAt(index: number): string {
    return decodeString(this.bytes, this.nameStart[index], this.nameEnd[index]);
  }

  /**
   * Reads the item whose `{` is at `start`; returns the position behind its `}`.
   * Throws MalformedJson when the text ends early or is not an object of attributes.
   */
  read(bytes: Buffer, start: number): number {
    this.#begin(bytes, start);
    let i = expectByte(bytes, start, OPEN_BRACE);
    if (bytes[i] === CLOSE_BRACE) return (this.end = i + 1);
    for (;;) {
      i = this.#readAttribute(bytes, i);
      const c = bytes[i];
      if (c === COMMA) i = skipSpace(bytes, i + 1);
      else if (c === CLOSE_BRACE) return (this.end = i + 1);
      else throw new MalformedJson('an item does not end', i);
    }
  }

  /**
   * Reads the item in [start, end) only until it has met every name of the table, for one who needs those and knows where the item ends. What stands behind
   * is not looked at, and `count` does not count it. Throws MalformedJson like read, and where an attribute reaches beyond the end.
   */
  readNamed(bytes: Buffer, start: number, end: number): void {
    this.#begin(bytes, start);
    this.end = end;
    let left = this.names.names.length;
    let i = expectByte(bytes, start, OPEN_BRACE);
    if (bytes[i] === CLOSE_BRACE) return;
    while (left > 0) {
      i = this.#readAttribute(bytes, i);
      if (i >= end) throw new MalformedJson('an attribute reaches beyond its item', i);
      if (this.nameId[this.count - 1] >= 0) left--;
      const c = bytes[i];
      if (c === COMMA) i = skipSpace(bytes, i + 1);
      else if (c === CLOSE_BRACE) return;
      else throw new MalformedJson('an item does not end', i);
    }
  }

  #begin(bytes: Buffer, start: number): void {
    if (this.bytes !== bytes) this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.bytes = bytes;
    this.start = start;
    this.count = 0;
    this.#indexOfId.fill(-1);
  }

  #readAttribute(bytes: Buffer, at: number): number {
    const heads = this.#heads;
    const index = this.count;
    const headLength = heads.match(this.#words, at, index);
    if (headLength === 0) return this.#readAnyAttribute(bytes, at);
    const contentStart = at + headLength;
    const valueStart = contentStart - VALUE_HEAD_BYTES;
    const behind = closingQuoteIn(bytes, this.#words, contentStart) + 1;
    const valueEnd = bytes[behind] === CLOSE_BRACE ? behind + 1 : skipValue(bytes, valueStart);
    this.#add(at + 1, at + 1 + heads.nameLengthAt(index), valueStart, valueEnd, heads.nameIdAt(index));
    return skipSpace(bytes, valueEnd);
  }

  #add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, id: number): void {
    const index = this.count++;
    if (index === this.nameStart.length) this.#grow();
    this.nameStart[index] = nameStart;
    this.nameEnd[index] = nameEnd;
    this.valueStart[index] = valueStart;
    this.valueEnd[index] = valueEnd;
    this.nameId[index] = id;
    if (id >= 0) this.#indexOfId[id] = index;
  }

  #readAnyAttribute(bytes: Buffer, at: number): number {
    if (bytes[at] !== QUOTE) throw new MalformedJson('expected an attribute name', at);
    const nameStart = at + 1;
    // One pass finds a name's end and that nothing in it is escaped; a quarter of all that an item costs are names.
    let nameEnd = nameStart;
    let c = bytes[nameEnd];
    while (c !== QUOTE && c !== BACKSLASH && nameEnd < bytes.length) c = bytes[++nameEnd];
    const plain = c === QUOTE;
    if (!plain) nameEnd = closingQuote(bytes, nameStart);
    let i = nameEnd + 1;
    if (bytes[i] === COLON && bytes[i + 1] === OPEN_BRACE) i++;
    else i = expectByte(bytes, skipSpace(bytes, i), COLON);
    if (bytes[i] !== OPEN_BRACE) throw new MalformedJson('expected an attribute value', i);
    const valueEnd = skipAttributeValue(bytes, i);
    const id = plain ? this.names.lookupPlain(bytes, nameStart, nameEnd) : this.names.lookup(bytes, nameStart, nameEnd);
    const length = plain && isString(bytes, i) ? i + VALUE_HEAD_BYTES - at : 0;
    this.#heads.learn(this.#words, at, this.count, { length, nameLength: nameEnd - nameStart, nameId: id });
    this.#add(nameStart, nameEnd, i, valueEnd, id);
    return skipSpace(bytes, valueEnd);
  }

  #grow(): void {
    const grown = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const bigger = new Int32Array(old.length * 2);
      bigger.set(old);
      return bigger;
    };
    this.nameStart = grown(this.nameStart);
    this.nameEnd = grown(this.nameEnd);
    this.valueStart = grown(this.valueStart);
    this.valueEnd = grown(this.valueEnd);
    this.nameId = grown(this.nameId);
  }
}

/** Of `{"S":"`: a value up to its content, where that is a string. */
const VALUE_HEAD_BYTES = 6;

/** Whether the value has the form `{"S":"text"}`, which most have. */
function isString(bytes: Buffer, at: number): boolean {
  return bytes[at + 1] === QUOTE && bytes[at + 3] === QUOTE && bytes[at + 4] === COLON && bytes[at + 5] === QUOTE;
}

/** Past a value that is a string in one go; past anything else the general way. */
function skipAttributeValue(bytes: Buffer, at: number): number {
  if (isString(bytes, at)) {
    const behind = closingQuote(bytes, at + VALUE_HEAD_BYTES) + 1;
    if (bytes[behind] === CLOSE_BRACE) return behind + 1;
  }
  return skipValue(bytes, at);
}
