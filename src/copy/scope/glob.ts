import type { Wrong } from '../../settings/leaf-schema.ts';
import { expandBraces } from './glob-braces.ts';
import { parseTokens, type Token } from './glob-syntax.ts';

/**
 * A pattern for the keys of objects. Of our own, because those for files treat what is legal in a key as a path's spelling: they drop `./`, fold `//`,
 * take `(`, `+`, `@` and `!` for operators, and let a pattern take time that grows with a power of the key's length.
 */
export interface Glob {
  matches: (key: string) => boolean;
}

/**
 * `*` within a segment, `**` across segments, `?`, `[a-z]`, `[!a-z]`, `{a,b}`; `\` before a character takes it as it is. A pattern matches the whole key;
 * one that ends in a slash matches everything below it.
 */
export function parseGlob(pattern: string): Glob | Wrong {
  if (pattern === '') return { wrong: 'it is empty' };
  const expanded = expandBraces(pattern);
  if ('wrong' in expanded) return expanded;
  const alternatives: Token[][] = [];
  for (const one of expanded) {
    const tokens = parseTokens(one.endsWith('/') ? `${one}**` : one);
    if ('wrong' in tokens) return tokens;
    alternatives.push(tokens);
  }
  return { matches: (key) => alternatives.some((tokens) => matchesTokens(tokens, key)) };
}

const SLASH = 0x2f;

/**
 * Where it does not go on, only the last `*` takes one character more, and where that cannot, the last `**`: an earlier one cannot help, since
 * the later one takes whatever it could have taken. So it needs no recursion, and at most length times length steps.
 */
function matchesTokens(tokens: readonly Token[], key: string): boolean {
  let token = 0;
  let at = 0;
  let star: Retry | undefined;
  let deep: Retry | undefined;
  for (;;) {
    const next: Token | undefined = tokens[token];
    if (next?.kind === 'star') star = { token: token++, at };
    else if (next?.kind === 'globstar' || next?.kind === 'folders') {
      deep = { token: token++, at };
      star = undefined;
    } else {
      const length = next === undefined ? 0 : lengthAt(next, key, at);
      if (length > 0) {
        token++;
        at += length;
      } else if (next === undefined && at === key.length) return true;
      else {
        star = star && lengthen(star, key, 'star');
        if (star === undefined) deep = deep && lengthen(deep, key, tokens[deep.token].kind);
        const again: Retry | undefined = star ?? deep;
        if (again === undefined) return false;
        token = again.token + 1;
        at = again.at;
      }
    }
  }
}

/** A `*` or `**`, and where what it has taken ends. */
interface Retry {
  token: number;
  at: number;
}

function lengthen({ token, at }: Retry, key: string, kind: Token['kind']): Retry | undefined {
  if (at >= key.length) return undefined;
  if (kind === 'folders') {
    const slash = key.indexOf('/', at);
    return slash < 0 ? undefined : { token, at: slash + 1 };
  }
  if (kind === 'star' && key.charCodeAt(at) === SLASH) return undefined;
  return { token, at: at + widthAt(key, at) };
}

/** How much of the key a token for one character takes there; 0 where it does not fit. */
function lengthAt(token: Token, key: string, at: number): number {
  if (at >= key.length) return 0;
  if (token.kind === 'unit') return key.charCodeAt(at) === token.code ? 1 : 0;
  const code = key.codePointAt(at)!;
  return token.kind === 'character' && code !== SLASH && token.has(code) ? widthAt(key, at) : 0;
}

function widthAt(key: string, at: number): number {
  return key.codePointAt(at)! > 0xffff ? 2 : 1;
}
