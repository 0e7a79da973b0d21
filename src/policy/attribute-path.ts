import { DynaferryError } from '../model/errors.ts';

/**
 * Reads the name that a rule is given in the policy: names of map entries with dots between, such as `address.street`. A name that itself
 * holds a dot, bracket or quote stands in double quotes, doubled inside: `"a.b"`. Throws POLICY_INVALID.
 */
export function parseAttributePath(text: string): string[] {
  const names: string[] = [];
  let at = 0;
  for (;;) {
    const { name, end } = text[at] === '"' ? quotedName(text, at) : bareName(text, at);
    names.push(name);
    if (end === text.length) return names;
    if (text[end] !== '.') throw invalid(text, end, 'a dot is missing');
    at = end + 1;
  }
}

/** The text that parseAttributePath reads as these names. */
export function formatAttributePath(names: readonly string[]): string {
  return names.map((name) => (/^[^."[\]]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)).join('.');
}

function bareName(text: string, at: number): { name: string; end: number } {
  const name = /^[^."[\]]*/.exec(text.slice(at))?.[0] ?? '';
  const end = at + name.length;
  if (text[end] === '[')
    throw invalid(text, end, 'a rule cannot name an element of a list; treat the whole list with a function');
  if (name === '') throw invalid(text, at, 'a name is missing');
  return { name, end };
}

function quotedName(text: string, at: number): { name: string; end: number } {
  const match = /^"((?:[^"]|"")+)"/.exec(text.slice(at));
  if (match === null) throw invalid(text, at, 'a quoted name is empty or does not end');
  return { name: match[1].replaceAll('""', '"'), end: at + match[0].length };
}

function invalid(text: string, at: number, what: string): DynaferryError {
  return new DynaferryError('POLICY_INVALID', `attributes: '${text}', character ${at + 1}: ${what}`, {
    fix: 'Write address.street for an entry of a map, and "a.b" in double quotes for a name with a dot in it.',
  });
}
