/** Characters that a token may have in each other's place: digits for digits, lower-case letters of a script for such letters. */
export interface CharacterClass {
  /** One letter that stands for the class where a form is written down; never changed, for tokens depend on it. */
  letter: string;
  /** UTF-16 units, in order. */
  codes: readonly number[];
}

/**
 * First and last code point, and which of them. The ranges are fixed and have been in Unicode since its first versions, so that every version of
 * Node finds the same characters in them: were one to be added, all tokens of its class would change.
 */
const definitions: [letter: string, first: number, last: number, member: RegExp][] = [
  ['0', 0x30, 0x39, /./],
  ['a', 0x61, 0x7a, /./],
  ['A', 0x41, 0x5a, /./],
  ['l', 0xdf, 0x17f, /\p{Ll}/u],
  ['L', 0xc0, 0x17e, /\p{Lu}/u],
  ['g', 0x3ac, 0x3ce, /\p{Ll}/u],
  ['G', 0x391, 0x3ab, /\p{Lu}/u],
  ['c', 0x430, 0x44f, /./],
  ['C', 0x410, 0x42f, /./],
  ['h', 0x5d0, 0x5ea, /./],
  ['r', 0x621, 0x63a, /./],
  ['R', 0x641, 0x64a, /./],
  ['i', 0x3041, 0x3093, /./],
  ['k', 0x30a1, 0x30f6, /./],
  ['z', 0x4e00, 0x9fa5, /./],
  ['o', 0xac00, 0xd7a3, /./],
  ['f', 0xff10, 0xff19, /./],
];

/** Punctuation, spaces, and the symbols of ASCII: they stay where they are. */
const KEPT = /^[\p{P}\p{Z}\t\n\r$+<=>^`|~]$/u;

/** Whether a token keeps the UTF-16 unit as it is. */
export function isKept(code: number): boolean {
  return KEPT.test(String.fromCharCode(code));
}

/** Where in the class the unit stands, which must be one of the class's. */
export function placeIn({ codes }: CharacterClass, code: number): number {
  let low = 0;
  let high = codes.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codes[middle] < code) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Finds the class of a character. Building it takes some milliseconds, so make one and keep it. */
export class CharacterClasses {
  readonly #classes: CharacterClass[] = [];
  /** For each UTF-16 unit 1 + the index of its class, or 0. */
  readonly #classOf = new Uint8Array(0x10000);

  constructor() {
    for (const [letter, first, last, member] of definitions) {
      const codes: number[] = [];
      for (let code = first; code <= last; code++) if (member.test(String.fromCharCode(code))) codes.push(code);
      this.#classes.push({ letter, codes });
      for (const code of codes) this.#classOf[code] = this.#classes.length;
    }
  }

  /** The class of a UTF-16 unit; undefined where it belongs to none. */
  of(code: number): CharacterClass | undefined {
    return this.#classes[this.#classOf[code] - 1];
  }
}
