import { parseXml, type XmlElement } from '../../s3/xml.ts';
import { S3Error } from './errors.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Text content of an element. A list makes one element each, undefined none. */
type XmlValue = string | number | boolean | undefined | XmlElements | readonly XmlElements[];

/** Elements by name, in order. */
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

/** A document with S3's namespace on its root. */
export function xmlDocument(root: string, content: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${elements(content)}</${root}>`;
}

/** An error's document, which has no namespace. */
export function errorDocument(content: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements(content)}</Error>`;
}

function elements(content: XmlElements): string {
  let xml = '';
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue;
    if (Array.isArray(value))
      for (const each of value as readonly XmlElements[]) xml += `<${name}>${elements(each)}</${name}>`;
    else if (typeof value === 'object') xml += `<${name}>${elements(value as XmlElements)}</${name}>`;
    else xml += `<${name}>${escape(String(value))}</${name}>`;
  }
  return xml;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Control characters as numbers, as S3 does: some parsers refuse them, which is what encoding-type=url is for. */
function escape(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[&<>"\u0000-\u001f]/g, (c) => entities[c] ?? `&#x${c.charCodeAt(0).toString(16)};`);
}

/** The root element of a request's body. Throws MalformedXML. */
export function requestDocument(body: Buffer, root: string): XmlElement {
  const document = parseXml(body, root);
  if (document !== undefined) return document;
  throw new S3Error('MalformedXML', `The XML you provided is not well-formed, or has no ${root} as its root.`);
}
