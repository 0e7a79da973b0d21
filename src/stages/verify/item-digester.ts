import { ByteWriter } from '../../model/byte-writer.ts';
import { CanonicalWriter } from '../../model/canonical.ts';
import { DynaferryError } from '../../model/errors.ts';
import { contentDigest, DIGEST_BYTES } from '../../model/item-digest.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE } from '../../model/json-bytes.ts';
import { KeyReader, keyAttributes } from '../../model/key.ts';
import type { Subject } from './side.ts';

/** Digests items in the form that they have, or should have, at the target. */
export class ItemDigester {
  /** Reads the items to digest; `digest` must get items that were read with its name table. */
  readonly view: ItemView;
  /** Of the last item digested: where it belongs, whatever it holds. */
  keyHash: Buffer = Buffer.alloc(DIGEST_BYTES);
  /** Of the last item digested: what it holds, but for ignored attributes. The key is part of it. */
  digest: Buffer = Buffer.alloc(DIGEST_BYTES);
  /** Names of the attributes that are left out. */
  readonly ignored: ReadonlySet<string>;
  readonly #canonical = new CanonicalWriter();
  readonly #keys: KeyReader;
  readonly #keyIds: readonly number[];
  readonly #ignoredIds: ReadonlySet<number>;
  readonly #keyJson = new ByteWriter(256);

  /** Throws CONFIG_INVALID where a key attribute is to be ignored: items could not be told apart. */
  constructor(subject: Subject) {
    const keyNames = keyAttributes(subject.keySchema).map((attribute) => attribute.name);
    const ignoredKey = subject.ignore.find((name) => keyNames.includes(name));
    if (ignoredKey !== undefined)
      throw new DynaferryError('CONFIG_INVALID', `verify cannot ignore ${ignoredKey}: it is part of the target's key`);
    const names = new NameTable([...keyNames, ...subject.ignore]);
    this.view = new ItemView(names);
    this.#keys = new KeyReader(subject.keySchema, (name) => names.idOf(name));
    this.#keyIds = keyNames.map((name) => names.idOf(name));
    this.ignored = new Set(subject.ignore);
    this.#ignoredIds = new Set(subject.ignore.map((name) => names.idOf(name)));
  }

  /** Sets `keyHash` and `digest`. */
  read(item: ItemView): void {
    this.digest = contentDigest(this.#canonical.write(item, this.#ignoredIds));
    const identity = this.#keys.identity(item);
    // An item without the target's key cannot be at the target: hashed by its content, it is found missing there like any other.
    this.keyHash = identity === undefined ? this.digest : contentDigest(identity);
  }

  /** The target key of an item as DynamoDB JSON; undefined where the item lacks a part of it. */
  keyJson(item: ItemView): Buffer | undefined {
    return writeKey(item, this.#keyIds, this.#keyJson);
  }
}

/** Takes a table's key out of its items as DynamoDB JSON. */
export class KeyJson {
  readonly view: ItemView;
  readonly #ids: readonly number[];
  readonly #out = new ByteWriter(256);

  constructor(names: readonly string[]) {
    const table = new NameTable(names);
    this.view = new ItemView(table);
    this.#ids = names.map((name) => table.idOf(name));
  }

  /** The key of the item whose `{` is at `start`; undefined where it lacks a part of it. */
  read(bytes: Buffer, start: number): Buffer | undefined {
    this.view.read(bytes, start);
    return writeKey(this.view, this.#ids, this.#out);
  }
}

function writeKey(item: ItemView, ids: readonly number[], out: ByteWriter): Buffer | undefined {
  out.truncate(0);
  for (const id of ids) {
    const index = item.indexOf(id);
    if (index < 0) return undefined;
    out.byte(out.length === 0 ? OPEN_BRACE : COMMA);
    out.jsonString(item.names.names[id]);
    out.byte(COLON);
    out.copy(item.bytes, item.valueStart[index], item.valueEnd[index]);
  }
  out.byte(CLOSE_BRACE);
  return Buffer.from(out.peek());
}
