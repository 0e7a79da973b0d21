import { canonicalNumber, fitsDynamoDb } from '../../model/number.ts';
import { typeOf, type AttributeValue } from './attribute-value.ts';
import type { Literal } from './ast.ts';
import type { Token } from './token.ts';
import type { TokenStream } from './token-stream.ts';

/** How deep DynamoDB lets lists and maps be nested. */
const LITERAL_DEPTH_MAX = 32;

/**
 * Parses a literal as PartiQL for DynamoDB writes it, or returns undefined where none begins
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.data-types.html).
 */
export function parseLiteral(tokens: TokenStream): Literal | undefined {
  const start = tokens.current.at;
  const value = parseValue(tokens, 0);
  return value === undefined ? undefined : { kind: 'literal', value, at: start, end: tokens.lastEnd };
}

function parseValue(tokens: TokenStream, depth: number): AttributeValue | undefined {
  const token = tokens.current;
  switch (token.kind) {
    case 'string':
      return { S: tokens.take().text };
    case 'number':
      return { N: checkedNumber(tokens, tokens.take()) };
    case 'binary':
      return { B: tokens.take().text };
    case 'word':
      return parseWord(tokens);
    case 'symbol':
      return parseCollection(tokens, depth);
    default:
      return undefined;
  }
}

function parseWord(tokens: TokenStream): AttributeValue | undefined {
  if (tokens.takeKeyword('TRUE')) return { BOOL: true };
  if (tokens.takeKeyword('FALSE')) return { BOOL: false };
  if (tokens.takeKeyword('NULL')) return { NULL: true };
  return undefined;
}

function parseCollection(tokens: TokenStream, depth: number): AttributeValue | undefined {
  if (!['<<', '[', '{'].includes(tokens.current.text)) return undefined;
  if (depth === LITERAL_DEPTH_MAX)
    throw tokens.error(tokens.current, `DynamoDB nests lists and maps at most ${LITERAL_DEPTH_MAX} deep`);
  const opening = tokens.take();
  if (opening.text === '<<') return parseSet(tokens, opening);
  return opening.text === '[' ? parseList(tokens, depth) : parseMap(tokens, depth);
}

function parseElement(tokens: TokenStream, depth: number): AttributeValue {
  const value = parseValue(tokens, depth);
  if (value !== undefined) return value;
  const name = tokens.current;
  if (name.kind === 'quoted-name') throw tokens.unexpected('a value', `a text is written '${name.text}'`);
  throw tokens.unexpected('a value');
}

function parseList(tokens: TokenStream, depth: number): AttributeValue {
  const elements: AttributeValue[] = [];
  if (tokens.takeSymbol(']')) return { L: elements };
  do elements.push(parseElement(tokens, depth + 1));
  while (tokens.takeSymbol(','));
  tokens.expectSymbol(']', "',' or ']'");
  return { L: elements };
}

function parseMap(tokens: TokenStream, depth: number): AttributeValue {
  const entries = new Map<string, AttributeValue>();
  if (tokens.takeSymbol('}')) return { M: {} };
  do {
    const key = tokens.current;
    if (key.kind !== 'string') throw tokens.unexpected('a key in single quotes', "for example {'city': 'Beijing'}");
    if (key.text === '') throw tokens.error(key, 'a key of a map cannot be empty');
    if (entries.has(key.text)) throw tokens.error(key, `the key '${key.text}' stands in this map twice`);
    tokens.take();
    tokens.expectSymbol(':', "':' behind the key");
    entries.set(key.text, parseElement(tokens, depth + 1));
  } while (tokens.takeSymbol(','));
  tokens.expectSymbol('}', "',' or '}'");
  return { M: Object.fromEntries(entries) };
}

function parseSet(tokens: TokenStream, opening: Token): AttributeValue {
  if (tokens.isSymbol('>>')) throw tokens.error(opening, 'a set cannot be empty: DynamoDB has no empty sets');
  const members: AttributeValue[] = [];
  const identities = new Set<string>();
  do {
    const at = tokens.current;
    const member = parseElement(tokens, LITERAL_DEPTH_MAX);
    checkMember(tokens, at, member, members[0] ?? member);
    const identity = 'N' in member ? canonicalNumber(member.N) : Object.values(member).join('');
    if (identities.has(identity)) throw tokens.error(at, 'a set holds each member once', 'remove this one');
    identities.add(identity);
    members.push(member);
  } while (tokens.takeSymbol(','));
  tokens.expectSymbol('>>', "',' or '>>'");
  const texts = members.map((member) => Object.values(member)[0] as string);
  const type = typeOf(members[0]);
  if (type === 'S') return { SS: texts };
  return type === 'N' ? { NS: texts } : { BS: texts };
}

function checkMember(tokens: TokenStream, at: Token, member: AttributeValue, first: AttributeValue): void {
  const type = typeOf(member);
  if (type !== 'S' && type !== 'N' && type !== 'B')
    throw tokens.error(at, `a set holds strings, numbers or binary values, not ${type}`);
  if (type !== typeOf(first)) throw tokens.error(at, 'the members of a set all have one type');
}

function checkedNumber(tokens: TokenStream, token: Token): string {
  if (fitsDynamoDb(token.text)) return token.text;
  throw tokens.error(
    token,
    'DynamoDB cannot hold this number: at most 38 significant digits, magnitude from 1E-130 to 9.99E+125',
  );
}
