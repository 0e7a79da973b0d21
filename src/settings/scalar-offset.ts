import { isScalar } from 'yaml';
import type { Path, YamlFile } from './yaml-file.ts';

/**
 * Where in the file's text the character at `offset` of a string value stands, whichever way the string is written: plain, quoted, or as a
 * block of lines. The start of the value where there is no string at the path.
 */
export function offsetInFile(file: YamlFile, path: Path, offset: number): number {
  const node = file.node(path);
  if (!isScalar(node) || typeof node.value !== 'string') return file.valueRange(path).start;
  const [start, end] = node.range;
  const raw = file.text.slice(start, end);
  let at = contentStart(raw, node.type);
  // The value and its text are walked side by side: what the text has more is folding, indentation and escapes.
  for (let i = 0; i < offset && at < raw.length; i++) at = behind(raw, at, node.value[i], node.type);
  return start + skipFolding(raw, at, node.value[offset], node.type);
}

function contentStart(raw: string, type: string | undefined): number {
  if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') return 1;
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') return raw.indexOf('\n') + 1;
  return 0;
}

/** Past the text of one character of the value. */
function behind(raw: string, at: number, character: string, type: string | undefined): number {
  const begin = skipFolding(raw, at, character, type);
  if (type === 'QUOTE_SINGLE' && raw.startsWith("''", begin)) return begin + 2;
  if (type === 'QUOTE_DOUBLE' && raw[begin] === '\\') return begin + escapeLength(raw, begin);
  return begin + 1;
}

/** Past line breaks and indentation that do not stand for `character`. */
function skipFolding(raw: string, at: number, character: string | undefined, type: string | undefined): number {
  let i = at;
  for (;;) {
    const c = raw[i];
    if (c === character) return i;
    if (type === 'QUOTE_DOUBLE' && c === '\\' && /^\\\r?\n/.test(raw.slice(i, i + 3))) i += 1;
    else if (c === ' ' || c === '\t' || c === '\r' || c === '\n') i++;
    else return i;
  }
}

function escapeLength(raw: string, at: number): number {
  const digits = { x: 2, u: 4, U: 8 }[raw[at + 1]];
  return 2 + (digits ?? 0);
}
