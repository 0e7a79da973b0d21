import { DynaferryError } from '../model/errors.ts';
import type { NameTable } from '../model/item.ts';
import { MalformedJson, decodeString, skipSpace, skipValue, walkElements, walkMembers } from '../model/json-bytes.ts';
import { RecordView, type StreamRecord } from './record-view.ts';

/** What an answer of GetRecords says besides its records. */
export interface RecordsPage {
  records: number;
  /** Undefined where the shard is closed and read to its end. */
  nextIterator: string | undefined;
}

/** Reads changes, from whatever tells of them. */
export interface ChangeReader {
  /** Calls `onRecord` for each change of a page in turn. */
  read(page: Buffer, onRecord: (record: StreamRecord) => void): RecordsPage;
}

/** Reads answers of GetRecords. */
export class RecordReader implements ChangeReader {
  readonly #record: RecordView;

  /** `names` are those that whoever is given the records looks for in their views. */
  constructor(names: NameTable) {
    this.#record = new RecordView(names);
  }

  /** Calls `onRecord` for each record of a page in turn. Throws SERVICE_FAILED where the page is not what GetRecords answers. */
  read(page: Buffer, onRecord: (record: StreamRecord) => void): RecordsPage {
    const facts: RecordsPage = { records: 0, nextIterator: undefined };
    try {
      walkMembers(page, skipSpace(page, 0), (nameStart, nameEnd, start) => {
        const name = page.toString('latin1', nameStart, nameEnd);
        // Every byte is walked over once: a record's end is known when its images have been read.
        if (name === 'Records')
          return walkElements(page, start, (recordStart) => {
            const recordEnd = this.#readRecord(page, recordStart);
            facts.records++;
            onRecord(this.#record);
            return recordEnd;
          });
        const end = skipValue(page, start);
        if (name === 'NextShardIterator') facts.nextIterator = text(page, start, end);
        return end;
      });
    } catch (error) {
      if (!(error instanceof MalformedJson)) throw error;
      throw new DynaferryError('SERVICE_FAILED', `an answer of GetRecords cannot be read: ${error.message}`);
    }
    return facts;
  }

  #readRecord(page: Buffer, at: number): number {
    const record = this.#record;
    record.begin();
    const behind = walkMembers(page, at, (nameStart, nameEnd, start) => {
      const name = page.toString('latin1', nameStart, nameEnd);
      if (name === 'dynamodb') return walkMembers(page, start, this.#readMember.bind(this, page));
      const end = skipValue(page, start);
      if (name === 'userIdentity') record.isByTtl = isTtl(page, start, end);
      return end;
    });
    if (!record.isWhole || record.sequenceNumber === '')
      throw new MalformedJson('a record lacks its keys, time or sequence number', at);
    return behind;
  }

  /** One member of what the record says of the change; returns the position behind it. */
  #readMember(page: Buffer, nameStart: number, nameEnd: number, start: number): number {
    const record = this.#record;
    const name = page.toString('latin1', nameStart, nameEnd);
    const behindItem = record.readItem(name, page, start);
    if (behindItem !== undefined) return behindItem;
    const end = skipValue(page, start);
    if (name === 'SequenceNumber') record.sequenceNumber = text(page, start, end) ?? '';
    else if (name === 'ApproximateCreationDateTime')
      // Of whole seconds, by AWS's word; where there is more to it, no time that is made of it may have a fraction.
      record.createdMs = Math.floor(Number(page.toString('latin1', start, end)) * 1000);
    return end;
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
