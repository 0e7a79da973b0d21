/** Positions in an item that are remembered; what stands behind is read the general way. */
const POSITIONS_MAX = 64;
/** Words of four bytes that a head takes at the most, with one for its end. */
const WORDS = 16;
const HEAD_BYTES_MAX = (WORDS - 2) * 4;

/**
 * The heads (`"name":{"S":"`, up to where a string's content begins) of the attributes of the item before. Items of a table mostly have the same attributes in the same order, so
 * a head is compared with the expected one four bytes at a time, which is several times faster than to look for its end, and its name need not be looked up again. It holds copies:
 * nothing depends on what becomes of the bytes.
 */
export class ExpectedHeads {
  readonly #words = new Int32Array(POSITIONS_MAX * WORDS);
  /** Bytes of the head; 0 where nothing is expected. */
  readonly #lengths = new Int32Array(POSITIONS_MAX);
  readonly #nameLengths = new Int32Array(POSITIONS_MAX);
  readonly #nameIds = new Int32Array(POSITIONS_MAX);

  /** The length of the head at `at`, if it is the one that is expected of the attribute at this position; else 0. */
  match(view: DataView, at: number, position: number): number {
    if (position >= POSITIONS_MAX) return 0;
    const length = this.#lengths[position];
    if (length === 0 || at + length > view.byteLength) return 0;
    const words = this.#words;
    const last = at + length - 4;
    let word = position * WORDS;
    for (let p = at; p < last; p += 4) if (view.getInt32(p, true) !== words[word++]) return 0;
    return view.getInt32(last, true) === words[(position + 1) * WORDS - 1] ? length : 0;
  }

  nameLengthAt(position: number): number {
    return this.#nameLengths[position];
  }

  nameIdAt(position: number): number {
    return this.#nameIds[position];
  }

  /** Expects this head of the next item. `length` is 0 where there is none that can be expected: a value that is no string, or a name with escapes. */
  learn(
    view: DataView,
    at: number,
    position: number,
    head: { length: number; nameLength: number; nameId: number },
  ): void {
    if (position >= POSITIONS_MAX) return;
    const { length, nameLength, nameId } = head;
    const isUsable = length >= 4 && length <= HEAD_BYTES_MAX;
    this.#lengths[position] = isUsable ? length : 0;
    if (!isUsable) return;
    let word = position * WORDS;
    for (let p = 0; p < length - 4; p += 4) this.#words[word++] = view.getInt32(at + p, true);
    this.#words[(position + 1) * WORDS - 1] = view.getInt32(at + length - 4, true);
    this.#nameLengths[position] = nameLength;
    this.#nameIds[position] = nameId;
  }
}
