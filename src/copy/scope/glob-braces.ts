import type { Wrong } from '../../settings/leaf-schema.ts';

/** More than anybody writes; a pattern of many braces would otherwise fill memory. */
const ALTERNATIVES_MAX = 1000;

const ESCAPE = 'write \\{ for the character';

/** A pattern with its braces written out: `a.{jpg,p{n,n}g}` as three patterns. */
export function expandBraces(pattern: string): string[] | Wrong {
  const open = nextOf(pattern, 0, '{');
  if (open === undefined) return [pattern];
  const parts = splitGroup(pattern, open);
  if ('wrong' in parts) return parts;
  const all: string[] = [];
  for (const part of parts.alternatives) {
    // Inner braces are written out with what stands before and behind them.
    const expanded = expandBraces(pattern.slice(0, open).concat(part, pattern.slice(parts.end)));
    if ('wrong' in expanded) return expanded;
    all.push(...expanded);
    if (all.length > ALTERNATIVES_MAX) return { wrong: `its braces make more than ${ALTERNATIVES_MAX} patterns` };
  }
  return all;
}

function splitGroup(pattern: string, open: number): { alternatives: string[]; end: number } | Wrong {
  const alternatives: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at: number | undefined = open; at !== undefined; at = nextOf(pattern, at + 1, '{,}')) {
    if (pattern[at] === '{') depth++;
    else if (pattern[at] === ',' && depth === 1) {
      alternatives.push(pattern.slice(from, at));
      from = at + 1;
    } else if (pattern[at] === '}' && --depth === 0) {
      alternatives.push(pattern.slice(from, at));
      return alternatives.length > 1
        ? { alternatives, end: at + 1 }
        : { wrong: `a { } holds no alternatives, such as {a,b}; ${ESCAPE}` };
    }
  }
  return { wrong: `a { is never closed; ${ESCAPE}` };
}

/** The next of these characters that is neither escaped nor within [ ]. */
function nextOf(pattern: string, from: number, characters: string): number | undefined {
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '[') at = classEnd(pattern, at) ?? at;
    else if (characters.includes(pattern[at])) return at;
  }
  return undefined;
}

/** Where a [ ] ends; undefined where it does not, which is told when it is read. */
function classEnd(pattern: string, open: number): number | undefined {
  let at = open + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at++;
  if (pattern[at] === ']') at++;
  for (; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === ']') return at;
  }
  return undefined;
}
