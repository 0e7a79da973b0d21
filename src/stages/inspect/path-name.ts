/** What a path ends in: an attribute or map entry of that name, any element of a list, or any entry of a folded map. */
export type PathStep = { name: string } | 'element' | 'any';

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A path as the filter grammar writes it: `address.city`, `"first-name"`; with `tags[]` for the elements of a list and `sessions.*` for the entries of
 * a map that were folded into one. A name that needs quotes has them, so that no two paths read the same.
 */
export function pathText(parent: string, step: PathStep): string {
  if (step === 'element') return `${parent}[]`;
  const text = step === 'any' ? '*' : PLAIN.test(step.name) ? step.name : `"${step.name.replaceAll('"', '""')}"`;
  return parent === '' ? text : `${parent}.${text}`;
}

/** Forms of names that are made for one item each: UUID, long hexadecimal, ULID, e-mail address, date, counter, or anything with a long run of digits. */
const idForms = [
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^(?=.*\d)[0-9a-f]{16,}$/i,
  /^(?=.*\d)[0-9A-HJKMNP-TV-Z]{26}$/,
  /@/,
  /^\d+$/,
  /^\d{4}-\d{2}/,
  /\d{5}/,
];

/** Whether a map entry's name looks like data rather than like a name: as a path of its own it would say nothing, and may be a person's. */
export function looksLikeId(name: string): boolean {
  return idForms.some((form) => form.test(name));
}
