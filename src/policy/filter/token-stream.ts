import { filterError } from './filter-error.ts';
import { tokenize } from './lexer.ts';
import { describeToken, type Token } from './token.ts';
import type { Span } from './ast.ts';
import type { DynaferryError } from '../../model/errors.ts';

/** How deep parentheses and NOT may be nested: far beyond what people write, far below what overflows the stack. */
const DEPTH_MAX = 100;

/** The tokens of one filter with a position among them, and errors that point into its text. */
export class TokenStream {
  readonly #text: string;
  readonly #tokens: Token[];
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  get current(): Token {
    return this.#tokens[this.#position];
  }

  get following(): Token {
    return this.#tokens[Math.min(this.#position + 1, this.#tokens.length - 1)];
  }

  /** Where the last token that was taken ends. */
  get lastEnd(): number {
    return this.#position === 0 ? 0 : this.#tokens[this.#position - 1].end;
  }

  take(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#position++;
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.current.kind === 'symbol' && this.current.text === symbol;
  }

  /** Whether the current token is this keyword, in any case. `keyword` in upper case. */
  isKeyword(keyword: string): boolean {
    return this.current.kind === 'word' && this.current.text.toUpperCase() === keyword;
  }

  /** Takes the symbol if it is the current token. */
  takeSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.#position++;
    return found;
  }

  /** Takes the keyword if it is the current token. */
  takeKeyword(keyword: string): boolean {
    const found = this.isKeyword(keyword);
    if (found) this.#position++;
    return found;
  }

  expectSymbol(symbol: string, what: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(what);
  }

  /** Runs `parse` one level deeper; throws where the filter is nested too deep. */
  nested<T>(parse: () => T): T {
    if (this.#depth === DEPTH_MAX) throw this.error(this.current, `more than ${DEPTH_MAX} levels of nesting`);
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  /** The error for a current token that is not what the grammar wants here. */
  unexpected(expected: string, fix?: string): DynaferryError {
    return this.error(this.current, `expected ${expected}, found ${describeToken(this.current)}`, fix);
  }

  error(spot: Span, problem: string, fix?: string): DynaferryError {
    return filterError(this.#text, spot, problem, fix);
  }
}
