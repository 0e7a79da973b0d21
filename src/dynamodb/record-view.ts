import { ItemView, type NameTable } from '../model/item.ts';

/** One change of an item. It is filled anew for each record, and what it refers to lies in the page. */
export interface StreamRecord {
  /** The item's key attributes. */
  readonly keys: ItemView;
  /** The item after the change; undefined where it was deleted. */
  readonly newImage: ItemView | undefined;
  /** The item before the change; undefined where there was none. */
  readonly oldImage: ItemView | undefined;
  /** Decimal, of up to 40 digits. Greater ones are later in their shard. */
  readonly sequenceNumber: string;
  /** When the change was made, in milliseconds since 1970; the service rounds it down to a second. Whole where it is of a stream; an incremental export tells microseconds. */
  readonly createdMs: number;
  /** Whether TTL made it. */
  readonly isByTtl: boolean;
}

/** What a reader fills for one record after the other. Its views are used again and again. */
export class RecordView implements StreamRecord {
  readonly keys: ItemView;
  newImage: ItemView | undefined;
  oldImage: ItemView | undefined;
  sequenceNumber = '';
  createdMs = NaN;
  isByTtl = false;
  readonly #newImage: ItemView;
  readonly #oldImage: ItemView;
  #hasKeys = false;

  constructor(names: NameTable) {
    this.keys = new ItemView(names);
    this.#newImage = new ItemView(names);
    this.#oldImage = new ItemView(names);
  }

  /** Whether the record says when it was made, and of which item. */
  get isWhole(): boolean {
    return this.#hasKeys && !Number.isNaN(this.createdMs);
  }

  /** Forgets the record before. */
  begin(): void {
    this.newImage = this.oldImage = undefined;
    this.sequenceNumber = '';
    this.createdMs = NaN;
    this.isByTtl = false;
    this.#hasKeys = false;
  }

  /** Reads the value of a member that is an item or its key; returns the position behind it, or undefined where the name says that it is neither. Throws MalformedJson. */
  readItem(name: string, page: Buffer, start: number): number | undefined {
    switch (name) {
      case 'Keys':
        this.#hasKeys = true;
        return this.keys.read(page, start);
      case 'NewImage':
        this.newImage = this.#newImage;
        return this.#newImage.read(page, start);
      case 'OldImage':
        this.oldImage = this.#oldImage;
        return this.#oldImage.read(page, start);
      default:
        return undefined;
    }
  }
}
