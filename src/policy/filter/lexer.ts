import { filterError } from './filter-error.ts';
import { foreignSymbols } from './hints.ts';
import type { Token, TokenKind } from './token.ts';

/** Longest first, so that `<=` is not read as `<` and `=`. */
const SYMBOLS = ['<<', '>>', '<>', '<=', '>=', '<', '>', '=', '(', ')', '[', ']', '{', '}', ',', '.', ':'];
const SPACE = /\s*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;

/** Cuts a filter into tokens; the last one is of kind 'end'. Throws POLICY_INVALID at what is no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += match(SPACE, text, at)?.length ?? 0;
    if (at === text.length) break;
    const previous = tokens.at(-1);
    const token = readToken(text, at, previous);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', at: text.trimEnd().length, end: text.length });
  return tokens;
}

function readToken(text: string, at: number, previous: Token | undefined): Token {
  const quote = text[at];
  if (quote === "'" || quote === '"') return readQuoted(text, at, quote);
  if (/^[xX]'/.test(text.slice(at, at + 2))) return readBinary(text, at);
  const word = match(WORD, text, at);
  if (word !== undefined) return newToken('word', word, at, word.length);
  const number = match(NUMBER, text, at);
  if (number !== undefined) return readNumber(text, at, number, previous);
  // The spellings of other languages first: '==' would otherwise be two symbols.
  for (const { symbol, problem, fix } of foreignSymbols)
    if (text.startsWith(symbol, at)) throw filterError(text, { at, end: at + symbol.length }, problem, fix);
  const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
  if (symbol !== undefined) return newToken('symbol', symbol, at, symbol.length);
  throw unknownCharacter(text, at, previous);
}

function readNumber(text: string, at: number, number: string, previous: Token | undefined): Token {
  const end = at + number.length;
  const name = touchingName(at, previous);
  if (name !== undefined || match(WORD, text, end) !== undefined)
    throw filterError(
      text,
      { at, end },
      'an attribute name without quotes has only letters, digits and _, and begins with a letter',
      `if this is one name, write "${wholeName(text, name?.at ?? at)}"`,
    );
  return newToken('number', number, at, number.length);
}

/** The name that ends right where `at` is, as in `first-name` before the `-`. */
function touchingName(at: number, previous: Token | undefined): Token | undefined {
  return previous?.end === at && previous.kind === 'word' ? previous : undefined;
}

/** What was probably meant to be one name. */
function wholeName(text: string, at: number): string {
  return /^[^\s()[\]{},<>='"]*/.exec(text.slice(at))?.[0] ?? '';
}

/** `'…'` with `''` for a quote, or `"…"` with `""`. */
function readQuoted(text: string, at: number, quote: string): Token {
  let content = '';
  let from = at + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0)
      throw filterError(
        text,
        { at, end: text.length },
        `${quote === "'" ? 'a string' : 'a name'} does not end`,
        `close it with ${quote}; a ${quote} inside is written ${quote}${quote}`,
      );
    content += text.slice(from, close);
    if (text[close + 1] !== quote) {
      return { kind: quote === "'" ? 'string' : 'quoted-name', text: content, at, end: close + 1 };
    }
    content += quote;
    from = close + 2;
  }
}

/** `x'CAFE'`: binary in hexadecimal, as SQL has it; PartiQL for DynamoDB has no literal for binary. */
function readBinary(text: string, at: number): Token {
  const quoted = readQuoted(text, at + 1, "'");
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(quoted.text))
    throw filterError(
      text,
      { at, end: quoted.end },
      'a binary value is written in pairs of hexadecimal digits',
      "for example x'00FF'",
    );
  return { kind: 'binary', text: Buffer.from(quoted.text, 'hex').toString('base64'), at, end: quoted.end };
}

function unknownCharacter(text: string, at: number, previous: Token | undefined): Error {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const name = touchingName(at, previous);
  const fix =
    name !== undefined || /\p{L}/u.test(char)
      ? `if it belongs to a name, write "${wholeName(text, name?.at ?? at)}"`
      : 'a name that holds it goes into double quotes, a text into single quotes';
  return filterError(text, { at, end: at + char.length }, `'${char}' has no meaning outside quotes`, fix);
}

function newToken(kind: TokenKind, text: string, at: number, length: number): Token {
  return { kind, text, at, end: at + length };
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
