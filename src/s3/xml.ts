import { decodeEntities } from './decode-in-place.ts';
import { HAS_ENTITY } from './text-flags.ts';
import { MalformedXml, XmlCursor } from './xml-cursor.ts';

/** An element of one of S3's answers: text or children. Listings of objects, which are long, are read without making such of them. */
export interface XmlElement {
  text: string;
  children: ReadonlyMap<string, XmlElement[]>;
}

const DEPTH_MAX = 32;
/** As good as an element that is missing. */
export const NO_ELEMENT: XmlElement = { text: '', children: new Map() };

/** The root element, or undefined where the body is not XML with such a root. */
export function parseXml(body: Buffer, root: string): XmlElement | undefined {
  const cursor = new XmlCursor(body);
  try {
    cursor.openRoot();
    if (cursor.name() !== root) return undefined;
    const element = readElement(cursor, 0);
    cursor.end();
    return element;
  } catch (error) {
    if (error instanceof MalformedXml) return undefined;
    throw error;
  }
}

/** Reads the element that was opened last, and closes it. */
function readElement(cursor: XmlCursor, depth: number): XmlElement {
  if (!cursor.hasChildren()) return { text: readText(cursor), children: NO_ELEMENT.children };
  if (depth > DEPTH_MAX) throw cursor.fault('too many elements within another');
  const { tagStart, nameEnd } = cursor;
  const elements = new Map<string, XmlElement[]>();
  while (cursor.open()) {
    const name = cursor.name();
    const element = readElement(cursor, depth + 1);
    const alike = elements.get(name);
    if (alike === undefined) elements.set(name, [element]);
    else alike.push(element);
  }
  cursor.close(tagStart, nameEnd);
  return { text: '', children: elements };
}

/** The text of the element that was opened last; closes it. */
function readText(cursor: XmlCursor): string {
  cursor.readText();
  const { bytes, textStart, textEnd, flags } = cursor;
  const written = bytes.subarray(textStart, textEnd);
  if (!(flags & HAS_ENTITY)) return written.toString('utf8');
  const decoded = Buffer.from(written);
  try {
    return decoded.toString('utf8', 0, decodeEntities(decoded, 0, decoded.length));
  } catch (error) {
    if (!(error instanceof MalformedXml)) throw error;
    // Ceph ends the Location of a long key, which nobody asks for, with whatever lies behind it in its memory, such as `&#x00;`.
    return written.toString('utf8');
  }
}

/** A child's text; empty where it is missing. */
export function text(element: XmlElement, name: string): string {
  return child(element, name).text;
}

/** A child element, the first of its name; one without content where it is missing. */
export function child(element: XmlElement, name: string): XmlElement {
  return element.children.get(name)?.[0] ?? NO_ELEMENT;
}

/** All children of a name, in their order. */
export function children(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.get(name) ?? [];
}

/** Text as it stands in an element. */
export function escapeXml(plain: string): string {
  return plain.replace(/[&<>\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A key as it is, from an answer that was asked for with `encoding-type=url`. */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
