import type { ItemWrite } from '../../dynamodb/put-items.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { MalformedJson } from '../../model/json-bytes.ts';
import { keyAttributes, KeyReader, type KeySchema } from '../../model/key.ts';
import { ChangeLine } from '../../staging/change-line.ts';

/** What is to be done about one key. */
export interface KeyChange extends ItemWrite {
  /** One text per key (KeyReader.identity). */
  identity: string;
}

/**
 * Folds changes, given in their order, to the last one of each key: what was done to a key in between nobody need see. So each key is written once, in any
 * order, and applying the same changes once more takes no key back to a state before its last.
 */
export class ChangeFold {
  readonly #line = new ChangeLine();
  readonly #view: ItemView;
  readonly #keys: KeyReader;
  readonly #last = new Map<string, KeyChange>();
  #lines = 0;

  constructor(key: KeySchema) {
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
    this.#last.set(
      identity,
      line.deletes
        ? { bytes: block, start: line.keysStart, end: line.keysEnd, deletes: true, identity }
        : { bytes: block, start: line.imageStart, end: line.imageEnd, identity },
    );
    this.#lines++;
    return line.micros;
  }
}
