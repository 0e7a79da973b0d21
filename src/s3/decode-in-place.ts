import { MalformedXml } from './xml-cursor.ts';

/*
 * Decoding where the text lies: what is decoded is never longer, nothing else reads the bytes again, and so a page of a thousand keys needs no memory
 * but that of its strings.
 */

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const PERCENT = 0x25;
const PLUS = 0x2b;
/** `&#x10FFFF;` and a few zeros. */
const ENTITY_LENGTH_MAX = 16;

const named: Readonly<Record<string, number>> = { amp: 0x26, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27 };

const hexValues = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  hexValues[value.toString(16).charCodeAt(0)] = value;
  hexValues[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** Puts the characters in place of XML's entities; returns the new end. Throws MalformedXml. */
export function decodeEntities(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== AMPERSAND) {
      bytes[to++] = bytes[at];
      continue;
    }
    const semicolon = bytes.subarray(at, Math.min(end, at + ENTITY_LENGTH_MAX)).indexOf(SEMICOLON);
    if (semicolon < 0) throw new MalformedXml('an entity without end', at);
    const point = pointOf(bytes.toString('latin1', at + 1, at + semicolon));
    if (point === undefined) throw new MalformedXml('an unknown entity', at);
    to += bytes.write(String.fromCodePoint(point), to);
    at += semicolon;
  }
  return to;
}

function pointOf(entity: string): number | undefined {
  if (!entity.startsWith('#')) return Object.hasOwn(named, entity) ? named[entity] : undefined;
  const digits = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(entity);
  if (digits === null) return undefined;
  const point = digits[1] === undefined ? Number.parseInt(digits[2], 10) : Number.parseInt(digits[1], 16);
  const isCharacter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isCharacter ? point : undefined;
}

/** Undoes encoding-type=url: `+` is a space, `%2B` a plus; returns the new end. Throws MalformedXml. */
export function decodeUrl(bytes: Buffer, start: number, end: number): number {
  let to = start;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === PERCENT) {
      if (at + 2 >= end) throw new MalformedXml('an escape without end', at);
      const value = (hexValues[bytes[at + 1]] << 4) | hexValues[bytes[at + 2]];
      if (value < 0) throw new MalformedXml('an escape that is none', at);
      bytes[to++] = value;
      at += 2;
    } else bytes[to++] = byte === PLUS ? 0x20 : byte;
  }
  return to;
}
