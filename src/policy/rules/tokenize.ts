import { DynaferryError } from '../../model/errors.ts';
import type { Secret } from '../secret.ts';
import { CharacterClasses, isKept, placeIn, type CharacterClass } from './character-class.ts';
import { plainDecimal } from './decimal.ts';
import { Ff1 } from './ff1.ts';
import { Refusal } from './rule.ts';
import { ScalarRule } from './scalar-rule.ts';

/** Above it the arithmetic gets slow, and what is that long is no identifier. */
const NUMERALS_MAX = 512;
/** SP 800-38G's own bound. Its revision asks for a million. */
const DOMAIN_MIN = 100;
/** Significant digits of a DynamoDB number. */
const DIGITS_MAX = 38;

const NONZERO_DIGIT: CharacterClass = { letter: '1', codes: digitCodes(1) };
const DIGIT: CharacterClass = { letter: '0', codes: digitCodes(0) };

/**
 * Replaces a value by another one of the same form: digits by digits, letters by letters of the same script and case, punctuation
 * and length as they are. It is a permutation of all values of one form (FF1 of NIST SP 800-38G under AES-256, see Ff1), so distinct values stay
 * distinct, and the holder of the key can turn a token back. The same value gives the same token in every attribute and table.
 *
 * Limits. The form itself shows: length, punctuation, which places hold digits. Equal values show as equal. Where a form has few values, as a postal
 * code of five digits has, tokens hide little from somebody who knows how often each value occurs; NIST's revision of SP 800-38G
 * wants a million values at least, and this rule refuses only what has fewer than a hundred, a single character, or no letter and digit
 * at all. Letters that belong to no class, emoji and combining marks are refused, for they would show through.
 */
export function tokenizeRule(key: Secret): ScalarRule {
  const forms = new Forms(permutation(key, 'encrypt'));
  return new ScalarRule({
    name: 'tokenize',
    traits: { keepsUniqueness: true, reversible: true, deterministic: true, keepsType: true },
    parameters: { version: 1, key: key.fingerprint },
    treatments: {
      S: { to: 'S', treat: (text) => forms.replaceText(text) },
      N: { to: 'N', treat: (text) => forms.replaceNumber(plainDecimal(text)) },
      B: { to: 'B', treat: (base64) => forms.replaceBytes(base64) },
    },
  });
}

/** The content (text, decimal text or base64) that this key made the token from. Throws DATA_DAMAGED for what is no token of that type. */
export function detokenize(type: 'S' | 'N' | 'B', token: string, key: Secret): string {
  const forms = new Forms(permutation(key, 'decrypt'));
  try {
    if (type === 'S') return forms.replaceText(token);
    return type === 'N' ? forms.replaceNumber(plainDecimal(token)) : forms.replaceBytes(token);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new DynaferryError('DATA_DAMAGED', `the value is no token of type ${type}: ${error.reason}`, {
      fix: 'Give the value as it is at the target, with its type there.',
    });
  }
}

type Permutation = (values: readonly number[], radices: readonly number[], form: string) => number[];

function permutation(key: Secret, direction: 'encrypt' | 'decrypt'): Permutation {
  const ff1 = new Ff1(key.derive('tokenize/1'));
  return (values, radices, form) => {
    if (values.length > NUMERALS_MAX) throw new Refusal(`the value has more than ${NUMERALS_MAX} letters and digits`);
    const forms = radices.reduce((sofar, radix) => Math.min(sofar * radix, DOMAIN_MIN), 1);
    if (values.length < 2 || forms < DOMAIN_MIN) throw new Refusal('the value is too short to be hidden by a token');
    // With one radix the form says nothing that FF1 does not know, and the token is plain FF1.
    const mixed = radices.some((radix) => radix !== radices[0]);
    return ff1[direction]({ values, radices }, Buffer.from(mixed ? form : '', 'latin1'));
  };
}

/** Permutes values within their form. */
class Forms {
  readonly #permute: Permutation;
  readonly #classes = new CharacterClasses();

  constructor(permute: Permutation) {
    this.#permute = permute;
  }

  replaceText(text: string): string {
    if (text === '') return '';
    return this.#replace(text, (code) => {
      const found = this.#classes.of(code);
      if (found === undefined && !isKept(code))
        throw new Refusal('the value has a character that is neither a letter or digit it knows nor punctuation');
      return found;
    });
  }

  /**
   * A number keeps its sign and how many digits stand before and behind the point. The first digit before it and the last behind it stay
   * other than 0: a number does not keep such zeros, and two tokens could become one.
   */
  replaceNumber(plain: string): string {
    const point = plain.indexOf('.');
    const first = plain.startsWith('-') ? 1 : 0;
    const last = plain.length - 1;
    const digits = plain.length - first - (point < 0 ? 0 : 1);
    if (digits > DIGITS_MAX) throw new Refusal('the number has more than 38 digits when written out');
    return this.#replace(plain, (code, at) => {
      if (code < 0x30 || code > 0x39) return undefined;
      if (at === first) return code === 0x30 ? undefined : NONZERO_DIGIT;
      return point >= 0 && at === last ? NONZERO_DIGIT : DIGIT;
    });
  }

  replaceBytes(base64: string): string {
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length === 0) return '';
    const radices = Array.from<number>({ length: bytes.length }).fill(256);
    return Buffer.from(this.#permute([...bytes], radices, '')).toString('base64');
  }

  /** Permutes the characters for which `classAt` gives a class, and leaves the others in their places. */
  #replace(text: string, classAt: (code: number, at: number) => CharacterClass | undefined): string {
    const characters = text.split('');
    const places: number[] = [];
    const classes: CharacterClass[] = [];
    const values: number[] = [];
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      const found = classAt(code, at);
      if (found === undefined) continue;
      places.push(at);
      classes.push(found);
      values.push(placeIn(found, code));
    }
    const radices = classes.map((found) => found.codes.length);
    const form = classes.map((found) => found.letter).join('');
    this.#permute(values, radices, form).forEach((value, i) => {
      characters[places[i]] = String.fromCharCode(classes[i].codes[value]);
    });
    return characters.join('');
  }
}

function digitCodes(from: number): number[] {
  return Array.from({ length: 10 - from }, (_, i) => 0x30 + from + i);
}
