import type { Canonical } from './rules/rule.ts';

/** JSON with the members of each object in the order of their names. */
export function stableText(value: Canonical): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element: Canonical) => stableText(element)).join(',')}]`;
  const members = Object.entries(value as Record<string, Canonical>).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stableText(member)}`).join(',')}}`;
}
