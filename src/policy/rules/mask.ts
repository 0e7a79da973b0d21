import { plainDecimal } from './decimal.ts';
import { Refusal, type Canonical } from './rule.ts';
import { ScalarRule } from './scalar-rule.ts';

/** How a mask hides a value: a known kind of text, the ends that stay visible, or what a pattern matches. */
export type MaskSpec =
  | 'email'
  | 'phone'
  | {
      keepFirst?: number | undefined;
      keepLast?: number | undefined;
      /** Instead of the two above. */
      pattern?: string | undefined;
      with?: string | undefined;
    };

const HOST_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}\p{M}]/u;
const DIGIT = /\p{Nd}/u;
const PHONE_DIGITS_KEPT = 4;

/** Hides strings, and numbers as strings. The pattern of a custom mask has been checked to be a regular expression. */
export function maskRule(spec: MaskSpec): ScalarRule {
  const mask = maskOf(spec);
  return new ScalarRule({
    name: 'mask',
    traits: { keepsUniqueness: false, reversible: false, deterministic: true, keepsType: false },
    parameters: parametersOf(spec),
    treatments: {
      S: { to: 'S', treat: (text) => (text === '' ? '' : mask(text)) },
      N: { to: 'S', treat: (text) => mask(plainDecimal(text)) },
    },
  });
}

function maskOf(spec: MaskSpec): (text: string) => string {
  if (spec === 'email') return maskEmail;
  if (spec === 'phone') return maskPhone;
  const { keepFirst = 0, keepLast = 0, pattern, with: cover = '*' } = spec;
  if (pattern !== undefined) return maskMatches(new RegExp(pattern, 'gu'), cover);
  return (text) => maskMiddle(text, keepFirst, keepLast, cover);
}

/** `jane.doe@example.com` becomes `j***@example.com`; text that is not an address is hidden whole. */
function maskEmail(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0 || !HOST_NAME.test(text.slice(at + 1))) return hideAll(text, '*');
  const local = Array.from(text.slice(0, at));
  // Of a local part of one character the first character would be all of it.
  const shown = local.length > 1 ? local[0] : '';
  return `${shown}***${text.slice(at)}`;
}

/** `+1 (415) 555-0199` becomes `+* (***) ***-0199`. Of four digits or fewer none stays. */
function maskPhone(text: string): string {
  const characters = Array.from(text);
  const digits = characters.filter((character) => DIGIT.test(character)).length;
  let hidden = digits > PHONE_DIGITS_KEPT ? digits - PHONE_DIGITS_KEPT : digits;
  return characters
    .map((character) => {
      if (!DIGIT.test(character)) return LETTER_OR_DIGIT.test(character) ? '*' : character;
      return hidden-- > 0 ? '*' : character;
    })
    .join('');
}

function maskMiddle(text: string, keepFirst: number, keepLast: number, cover: string): string {
  const characters = Array.from(text);
  const hidden = characters.length - keepFirst - keepLast;
  // Where the ends that may stay meet, the whole value would.
  if (hidden <= 0) return hideAll(text, cover);
  return [
    ...characters.slice(0, keepFirst),
    cover.repeat(hidden),
    ...characters.slice(characters.length - keepLast),
  ].join('');
}

function maskMatches(pattern: RegExp, cover: string): (text: string) => string {
  return (text) => {
    let hidden = 0;
    const masked = text.replace(pattern, (match) => {
      hidden += match.length;
      return match === '' ? '' : cover;
    });
    if (hidden === 0) throw new Refusal('its pattern matches nothing in the value');
    return masked;
  };
}

function hideAll(text: string, cover: string): string {
  return cover.repeat(Array.from(text).length);
}

function parametersOf(spec: MaskSpec): Canonical {
  if (typeof spec === 'string') return spec;
  const { keepFirst = 0, keepLast = 0, pattern, with: cover = '*' } = spec;
  return pattern === undefined ? { keepFirst, keepLast, with: cover } : { pattern, with: cover };
}
