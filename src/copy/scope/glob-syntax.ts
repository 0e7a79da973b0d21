import type { Wrong } from '../../settings/leaf-schema.ts';

/** What a pattern is made of, once alternatives are written out. */
export type Token =
  /** One UTF-16 unit. */
  | { kind: 'unit'; code: number }
  /** One character that is not a slash, of which `has` says whether it may be. */
  | { kind: 'character'; has: (codePoint: number) => boolean }
  /** `*`: any number of characters that are not slashes. */
  | { kind: 'star' }
  /** `**`: any number of characters. */
  | { kind: 'globstar' }
  /** `**` and a slash where a segment begins: any number of whole segments, none too. */
  | { kind: 'folders' };

/** One alternative, up to its end. */
type Reader = { text: string; at: number };

/** Reads a pattern without braces. */
export function parseTokens(text: string): Token[] | Wrong {
  const tokens: Token[] = [];
  const reader: Reader = { text, at: 0 };
  while (reader.at < text.length) {
    const read = readToken(reader);
    if (Array.isArray(read)) tokens.push(...read);
    else return read;
  }
  return tokens;
}

function readToken(reader: Reader): Token[] | Wrong {
  const { text, at } = reader;
  const character = text[at];
  if (character === '*') return [readStars(reader)];
  if (character === '[') return readClass(reader);
  reader.at++;
  if (character === '?') return [{ kind: 'character', has: () => true }];
  if (character !== '\\') return [{ kind: 'unit', code: text.charCodeAt(at) }];
  if (at + 1 === text.length) return { wrong: 'it ends in a \\ that escapes nothing; write \\\\ for a backslash' };
  reader.at++;
  return [{ kind: 'unit', code: text.charCodeAt(at + 1) }];
}

function readStars(reader: Reader): Token {
  const { text, at } = reader;
  while (text[reader.at] === '*') reader.at++;
  if (reader.at === at + 1) return { kind: 'star' };
  const beginsSegment = at === 0 || text[at - 1] === '/';
  if (!beginsSegment || text[reader.at] !== '/') return { kind: 'globstar' };
  reader.at++;
  return { kind: 'folders' };
}

/** `[a-z_]`, `[!0-9]`: a `]` that comes first, and whatever is escaped, stands for itself. */
function readClass(reader: Reader): Token[] | Wrong {
  const characters = Array.from(reader.text.slice(reader.at + 1));
  const negated = characters[0] === '!' || characters[0] === '^';
  const ranges: [number, number][] = [];
  let i = negated ? 1 : 0;
  for (const first = i; characters[i] !== ']' || i === first;) {
    if (i >= characters.length) return { wrong: 'a [ is never closed; write \\[ for the character' };
    const from = readMember(characters, i);
    i = from.next;
    let to = from.code;
    if (characters[i] === '-' && i + 1 < characters.length && characters[i + 1] !== ']') {
      const end = readMember(characters, i + 1);
      if (end.code < from.code) return { wrong: 'a range in [ ] goes backwards; write the lesser character first' };
      to = end.code;
      i = end.next;
    }
    ranges.push([from.code, to]);
  }
  reader.at += 1 + characters.slice(0, i + 1).join('').length;
  return [{ kind: 'character', has: (code) => ranges.some(([from, to]) => from <= code && code <= to) !== negated }];
}

function readMember(characters: readonly string[], at: number): { code: number; next: number } {
  const escaped = characters[at] === '\\' && at + 1 < characters.length;
  const i = escaped ? at + 1 : at;
  return { code: characters[i].codePointAt(0)!, next: i + 1 };
}
