/** Times as they are written in files of settings and on the command line. Each gives undefined for text that is none. */

const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** The forms, for messages and for editors. */
export const AGE_PATTERN = /^(\d+(?:\.\d+)?) ?(s|m|min|h|d|w)$/;
export const INSTANT_PATTERN = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** `7d`, `12h`, `10m`: milliseconds. */
export function parseAge(text: string): number | undefined {
  const match = AGE_PATTERN.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * MILLISECONDS[match[2]]);
}

/**
 * `2026-01-31` (its beginning in UTC) or `2026-01-31T18:30:00+08:00`: milliseconds since 1970. A time without its zone would be another one on
 * every machine, so there is none.
 */
export function parseInstant(text: string): number | undefined {
  if (!INSTANT_PATTERN.test(text)) return undefined;
  const ms = Date.parse(text);
  // Date.parse takes 30 February for 2 March.
  const exists = new Date(`${text.slice(0, 10)}T00:00:00Z`).toJSON()?.startsWith(text.slice(0, 10)) ?? false;
  return Number.isNaN(ms) || !exists ? undefined : ms;
}
