import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({
  ignoreAttributes: true,
  // Keys, tags and sizes stay text: '007' is a key, not a number.
  parseTagValue: false,
  trimValues: false,
  // A refused request has one Error at its root, a deletion one for each object that was kept.
  isArray: (name, path) => ['CommonPrefixes', 'Part', 'Upload', 'Tag'].includes(name) || path === 'DeleteResult.Error',
});

/** An element of one of S3's answers: text or children. */
export type XmlElement = { [name: string]: string | XmlElement | XmlElement[] | undefined };

/** The root element's content, or undefined where the body is not XML. */
export function parseXml(body: Buffer, root: string): XmlElement | undefined {
  let document: XmlElement;
  try {
    document = parser.parse(body) as XmlElement;
  } catch {
    return undefined;
  }
  const element = document[root];
  if (element === '') return {};
  return typeof element === 'object' && !Array.isArray(element) ? element : undefined;
}

/** A child's text; empty where it is missing. */
export function text(element: XmlElement, name: string): string {
  const found = element[name];
  return typeof found === 'string' ? found : '';
}

/** A child element; one without content where it is missing. */
export function child(element: XmlElement, name: string): XmlElement {
  const found = element[name];
  return typeof found === 'object' && !Array.isArray(found) ? found : {};
}

/** All children of a name that can occur more than once. */
export function children(element: XmlElement, name: string): XmlElement[] {
  const found = element[name];
  return Array.isArray(found) ? found.filter((one) => typeof one === 'object') : [];
}

/** Text as it stands in an element. */
export function escapeXml(plain: string): string {
  return plain.replace(/[&<>\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A key as it is, from an answer that was asked for with `encoding-type=url`. */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
