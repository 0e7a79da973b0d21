import { MalformedJson } from '../model/json-bytes.ts';
import { isNumber } from '../model/number.ts';
import type { AttributeValue } from './filter/attribute-value.ts';

/** Half a character: UTF-8 has no bytes for it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Whether `value` is one attribute value in DynamoDB JSON, all the way down. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  if (entries.length !== 1) return false;
  const [type, content] = entries[0] as [string, unknown];
  switch (type) {
    case 'S':
      return isText(content);
    case 'N':
      return isNumberText(content);
    case 'B':
      return isBase64(content);
    case 'BOOL':
      return typeof content === 'boolean';
    case 'NULL':
      return content === true;
    case 'SS':
      return isSet(content, isText);
    case 'NS':
      return isSet(content, isNumberText);
    case 'BS':
      return isSet(content, isBase64);
    case 'L':
      return Array.isArray(content) && content.every(isAttributeValue);
    case 'M':
      return isMap(content);
    default:
      return false;
  }
}

const isText = (content: unknown): boolean => typeof content === 'string' && !LONE_SURROGATE.test(content);
const isNumberText = (content: unknown): boolean => typeof content === 'string' && isNumber(content);
const isBase64 = (content: unknown): boolean => typeof content === 'string' && BASE64.test(content);

function isSet(content: unknown, isMember: (member: unknown) => boolean): boolean {
  // DynamoDB has neither empty sets nor a member twice.
  return (
    Array.isArray(content) &&
    content.length > 0 &&
    content.every(isMember) &&
    new Set<unknown>(content).size === content.length
  );
}

function isMap(content: unknown): boolean {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return false;
  return Object.values(content).every(isAttributeValue);
}

/** The value that lies in the range from its `{` to behind its `}`. Throws MalformedJson. */
export function readAttributeValue(bytes: Buffer, start: number, end: number): AttributeValue {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as AttributeValue;
  } catch {
    // The parser's own message quotes what it could not read.
    throw new MalformedJson('an attribute value is not JSON', start);
  }
}

/**
 * The value as one text that depends on nothing but the value: map entries in order of name, set members sorted. Two reads of a table may
 * order them differently, and what a rule derives from a value must not notice.
 */
export function stableJson(value: AttributeValue): string {
  return JSON.stringify(stable(value));
}

function stable(value: AttributeValue): AttributeValue {
  if ('SS' in value) return { SS: value.SS.toSorted() };
  if ('NS' in value) return { NS: value.NS.toSorted() };
  if ('BS' in value) return { BS: value.BS.toSorted() };
  if ('L' in value) return { L: value.L.map(stable) };
  if (!('M' in value)) return value;
  const names = Object.keys(value.M).toSorted();
  // Object.fromEntries and not assignment, for an entry may be called __proto__.
  return { M: Object.fromEntries(names.map((name) => [name, stable(value.M[name])])) };
}
