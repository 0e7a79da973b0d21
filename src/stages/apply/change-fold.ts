import type { ItemWrite } from '../../dynamodb/put-items.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { MalformedJson } from '../../model/json-bytes.ts';
import { keyAttributes, KeyReader, type KeySchema } from '../../model/key.ts';
import { compareChanges, readStamp, type Stamp } from '../../model/stamp.ts';
import { ChangeLine } from '../../staging/change-line.ts';

/** What is to be done about one key. */
export interface KeyChange extends ItemWrite {
  /** One text per key (KeyReader.identity). */
  identity: string;
  /** The key, in the same bytes. */
  keyStart: number;
  keyEnd: number;
  /** Absent where changes go one way. */
  stamp?: Stamp;
}

/**
 * Folds changes, given in their order, to the last one of each key, or where they have stamps to the one with the greatest: what was done to a key in between nobody need see.
 * So each key is written once, in any order, and applying the same changes once more takes no key back to a state before its last.
 */
export class ChangeFold {
  readonly #line = new ChangeLine();
  readonly #view: ItemView;
  readonly #keys: KeyReader;
  readonly #last = new Map<string, KeyChange>();
  readonly #isStamped: boolean;
  #lines = 0;

  constructor(key: KeySchema, { isStamped = false } = {}) {
    this.#isStamped = isStamped;
    this.#view = new ItemView(new NameTable(keyAttributes(key).map(({ name }) => name)));
    this.#keys = new KeyReader(key, (name) => this.#view.names.idOf(name));
  }

  /** Changes taken in. */
  get lines(): number {
    return this.#lines;
  }

  /** The last change of each key; no two have the same. */
  get changes(): Iterable<KeyChange> {
    return this.#last.values();
  }

  /** Keys that are changed. */
  get keys(): number {
    return this.#last.size;
  }

  /**
   * Takes in the line in [at, end); the block must stay as it is until the changes are written. Returns when the change was made at the source, in microseconds.
   * Throws MalformedJson where the line is no change of an item with this key.
   */
  add(block: Buffer, at: number, end: number): number {
    const line = this.#line;
    line.read(block, at, end);
    this.#view.read(block, line.keysStart);
    const identity = this.#keys.identity(this.#view);
    if (identity === undefined) throw new MalformedJson('a change has another key than the table', at);
    const { deletes, keysStart: keyStart, keysEnd: keyEnd } = line;
    const range = deletes
      ? { start: keyStart, end: keyEnd, deletes: true }
      : { start: line.imageStart, end: line.imageEnd };
    const change = { bytes: block, ...range, identity, keyStart, keyEnd };
    if (!this.#isStamped) this.#last.set(identity, change);
    else this.#keepGreater({ ...change, stamp: this.#stamp(block, at) });
    this.#lines++;
    return line.micros;
  }

  #stamp(block: Buffer, at: number): Stamp {
    const { stampStart, stampEnd } = this.#line;
    if (stampStart < 0) throw new MalformedJson('a change has no stamp', at);
    return readStamp(block, stampStart, stampEnd);
  }

  #keepGreater(change: KeyChange & { stamp: Stamp }): void {
    const { stamp, deletes = false } = this.#last.get(change.identity) ?? {};
    const isGreater = stamp === undefined || compareChanges(wide(change), { stamp, deletes }) > 0;
    if (isGreater) this.#last.set(change.identity, change);
  }
}

function wide({ stamp, deletes = false }: KeyChange & { stamp: Stamp }): { stamp: Stamp; deletes: boolean } {
  return { stamp, deletes };
}
