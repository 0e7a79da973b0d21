import { DynaferryError } from '../model/errors.ts';
import { ItemView, type NameTable } from '../model/item.ts';
import { MalformedJson, decodeString, forEachElement, forEachMember, skipSpace } from '../model/json-bytes.ts';

/** One change of an item. It is filled anew for each record, and what it refers to lies in the page. */
export interface StreamRecord {
  /** The item's key attributes. */
  readonly keys: ItemView;
  /** The item after the change; undefined where it was deleted. */
  newImage: ItemView | undefined;
  /** The item before the change; undefined where there was none. */
  oldImage: ItemView | undefined;
  /** Decimal, of up to 40 digits. Greater ones are later in their shard. */
  sequenceNumber: string;
  /** When the change was made, in milliseconds since 1970; the service rounds it down to a second. */
  createdMs: number;
  /** Whether TTL made it. */
  isByTtl: boolean;
}

/** What an answer of GetRecords says besides its records. */
export interface RecordsPage {
  records: number;
  /** Undefined where the shard is closed and read to its end. */
  nextIterator: string | undefined;
}

/** Reads answers of GetRecords. Its views are used again and again. */
export class RecordReader {
  readonly #record: StreamRecord;
  readonly #newImage: ItemView;
  readonly #oldImage: ItemView;

  /** `names` are those that whoever is given the records looks for in their views. */
  constructor(names: NameTable) {
    this.#newImage = new ItemView(names);
    this.#oldImage = new ItemView(names);
    this.#record = {
      keys: new ItemView(names),
      newImage: undefined,
      oldImage: undefined,
      sequenceNumber: '',
      createdMs: 0,
      isByTtl: false,
    };
  }

  /** Calls `onRecord` for each record of a page in turn. Throws SERVICE_FAILED where the page is not what GetRecords answers. */
  read(page: Buffer, onRecord: (record: StreamRecord) => void): RecordsPage {
    const facts: RecordsPage = { records: 0, nextIterator: undefined };
    try {
      forEachMember(page, skipSpace(page, 0), (nameStart, nameEnd, start, end) => {
        const name = decodeString(page, nameStart, nameEnd);
        if (name === 'NextShardIterator') facts.nextIterator = text(page, start, end);
        else if (name === 'Records')
          forEachElement(page, start, (recordStart) => {
            this.#readRecord(page, recordStart);
            facts.records++;
            onRecord(this.#record);
          });
      });
    } catch (error) {
      if (!(error instanceof MalformedJson)) throw error;
      throw new DynaferryError('SERVICE_FAILED', `an answer of GetRecords cannot be read: ${error.message}`);
    }
    return facts;
  }

  #readRecord(page: Buffer, at: number): void {
    const record = this.#record;
    record.newImage = record.oldImage = undefined;
    record.sequenceNumber = '';
    record.createdMs = NaN;
    record.isByTtl = false;
    let hasKeys = false;
    forEachMember(page, at, (nameStart, nameEnd, start, end) => {
      const name = decodeString(page, nameStart, nameEnd);
      if (name === 'userIdentity') record.isByTtl = isTtl(page, start, end);
      if (name !== 'dynamodb') return;
      forEachMember(page, start, (memberStart, memberEnd, valueStart, valueEnd) => {
        switch (decodeString(page, memberStart, memberEnd)) {
          case 'Keys':
            record.keys.read(page, valueStart);
            hasKeys = true;
            break;
          case 'NewImage':
            this.#newImage.read(page, valueStart);
            record.newImage = this.#newImage;
            break;
          case 'OldImage':
            this.#oldImage.read(page, valueStart);
            record.oldImage = this.#oldImage;
            break;
          case 'SequenceNumber':
            record.sequenceNumber = text(page, valueStart, valueEnd) ?? '';
            break;
          case 'ApproximateCreationDateTime':
            record.createdMs = Number(page.toString('latin1', valueStart, valueEnd)) * 1000;
        }
      });
    });
    if (!hasKeys || record.sequenceNumber === '' || Number.isNaN(record.createdMs))
      throw new MalformedJson('a record lacks its keys, time or sequence number', at);
  }
}

/** Who made the change, where it was not a caller: of TTL the service itself (developer guide, "DynamoDB Streams and Time to Live"). */
function isTtl(page: Buffer, start: number, end: number): boolean {
  const identity = JSON.parse(page.toString('utf8', start, end)) as Record<string, unknown> | null;
  // The API reference writes the names with a capital, the developer guide without.
  const type = identity?.['Type'] ?? identity?.['type'];
  const principal = identity?.['PrincipalId'] ?? identity?.['principalId'];
  return type === 'Service' && principal === 'dynamodb.amazonaws.com';
}

/** A JSON string's text; undefined for null. */
function text(page: Buffer, start: number, end: number): string | undefined {
  return page[start] === 0x22 ? decodeString(page, start + 1, end - 1) : undefined;
}
