import type { Span } from './ast.ts';

/** What the lexer knows: words are names, keywords or functions, told apart by the parser. */
export type TokenKind = 'word' | 'quoted-name' | 'string' | 'number' | 'binary' | 'symbol' | 'end';

export interface Token extends Span {
  kind: TokenKind;
  /** A word, number or symbol as written; a string or quoted name without quotes, escapes resolved; a binary as base64. */
  text: string;
}

/** The token as an error message names it. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end';
    case 'string':
      return 'a string';
    case 'quoted-name':
      return `the name "${token.text}"`;
    case 'number':
      return `the number ${token.text}`;
    case 'binary':
      return 'a binary value';
    default:
      return `'${token.text}'`;
  }
}
