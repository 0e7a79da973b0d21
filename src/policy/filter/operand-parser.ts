import { keywords, nearestFunction, functionNames } from './hints.ts';
import { parseLiteral } from './literal-parser.ts';
import type { Operand, Path, PathStep } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** How many names and indexes a document path may have: DynamoDB refuses more. */
const PATH_LENGTH_MAX = 32;
const INDEX_MAX = 2 ** 31 - 1;
const NAME_BYTES_MAX = 65_535;

/** Parses a path, `size(path)` or a literal. */
export function parseOperand(tokens: TokenStream): Operand {
  const literal = parseLiteral(tokens);
  if (literal !== undefined) return literal;
  const { current, following } = tokens;
  if (current.kind === 'word' && following.kind === 'symbol' && following.text === '(') return parseSize(tokens);
  return parsePath(tokens, "a value, an attribute name or 'size('");
}

function parseSize(tokens: TokenStream): Operand {
  const name = tokens.take();
  if (name.text !== 'size') throw wrongFunction(tokens, name.text, name.at);
  tokens.take();
  const path = parsePath(tokens, 'an attribute name');
  tokens.expectSymbol(')', "')' behind the path of size");
  return { kind: 'size', path, at: name.at, end: tokens.lastEnd };
}

/** The error for a word that is called like a function where a value is wanted, or that is no function at all. */
export function wrongFunction(tokens: TokenStream, name: string, at: number): Error {
  const spot = { at, end: at + name.length };
  if (functionNames.some((known) => known === name))
    return tokens.error(spot, `${name}(…) is a condition, not a value`, 'it stands alone: no comparator with it');
  const meant = nearestFunction(name);
  const fix = meant === undefined ? `the functions are ${functionNames.join(', ')}` : `write '${meant}'`;
  return tokens.error(spot, `there is no function '${name}'`, fix);
}

/** Parses a document path: `name`, `"a name"`, then `.name` and `[0]`. `expected` is for the error where none begins. */
export function parsePath(tokens: TokenStream, expected: string): Path {
  const start = tokens.current;
  if (start.kind === 'word' && keywords.some((keyword) => keyword === start.text.toUpperCase()))
    throw tokens.unexpected(expected, `if it is an attribute's name, write "${start.text}"`);
  if (start.kind === 'symbol' && start.text === ':')
    throw tokens.unexpected(expected, 'a filter has no placeholders: write the value itself');
  let quoted = start.kind === 'quoted-name';
  const name = parseName(tokens, expected);
  const steps: PathStep[] = [];
  for (;;) {
    const step = tokens.current;
    if (tokens.takeSymbol('.')) {
      quoted ||= tokens.current.kind === 'quoted-name';
      steps.push({ name: parseName(tokens, "a name behind '.'") });
    } else if (tokens.takeSymbol('[')) steps.push({ index: parseIndex(tokens) });
    else return { kind: 'path', name, steps, quoted, at: start.at, end: tokens.lastEnd };
    if (steps.length === PATH_LENGTH_MAX)
      throw tokens.error(step, `a path has at most ${PATH_LENGTH_MAX} names and indexes`);
  }
}

function parseName(tokens: TokenStream, expected: string): string {
  const token = tokens.current;
  if (token.kind !== 'word' && token.kind !== 'quoted-name') throw tokens.unexpected(expected);
  if (token.text === '') throw tokens.error(token, 'an attribute name cannot be empty', "an empty text is written ''");
  if (Buffer.byteLength(token.text) > NAME_BYTES_MAX)
    throw tokens.error(token, `an attribute name has at most ${NAME_BYTES_MAX} bytes`);
  return tokens.take().text;
}

function parseIndex(tokens: TokenStream): number {
  const token = tokens.current;
  if (token.kind === 'string' || token.kind === 'quoted-name')
    throw tokens.unexpected('a list index', `a map's entry is written ."${token.text}"`);
  if (token.kind !== 'number' || !/^(?:0|[1-9]\d*)$/.test(token.text) || Number(token.text) > INDEX_MAX)
    throw tokens.unexpected(`a list index: a whole number from 0 to ${INDEX_MAX}`);
  tokens.take();
  tokens.expectSymbol(']', "']' behind the index");
  return Number(token.text);
}
