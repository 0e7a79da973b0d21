import type { NameTable } from '../model/item.ts';
import { MalformedJson, decodeString, skipSpace, skipValue, walkMembers } from '../model/json-bytes.ts';
import { RecordView, type StreamRecord } from './record-view.ts';
import type { ChangeReader, RecordsPage } from './stream-records.ts';

/** What an incremental export tells of each item: how it is now, and, unless the export is of new images alone, how it was. */
export type ExportView = 'NEW_AND_OLD_IMAGES' | 'NEW_IMAGE';

/**
 * Reads the lines of DynamoDB's incremental exports: `{"Metadata":{"WriteTimestampMicros":{"N":"…"}},"Keys":{…},"NewImage":{…},"OldImage":{…}}`, without the
 * new image where the item is deleted. An export has each item that was changed once, as it was at the export's beginning and is at its end.
 */
export class IncrementalReader implements ChangeReader {
  readonly #view: ExportView;
  /** Of a sequence number and of TTL an export says nothing. */
  readonly #record: RecordView;

  /** `names` are those that whoever is given the records looks for in their views. */
  constructor(names: NameTable, view: ExportView) {
    this.#view = view;
    this.#record = new RecordView(names);
  }

  /** Calls `onRecord` for each line of a block of whole lines. Throws MalformedJson where one is of another form. */
  read(block: Buffer, onRecord: (record: StreamRecord) => void): RecordsPage {
    let records = 0;
    for (let at = 0; at < block.length;) {
      const end = block.indexOf(0x0a, at);
      const start = skipSpace(block, at);
      if (start < end) {
        this.#readLine(block, start);
        records++;
        onRecord(this.#record);
      }
      at = end + 1;
    }
    return { records, nextIterator: undefined };
  }

  #readLine(block: Buffer, at: number): void {
    const record = this.#record;
    record.begin();
    walkMembers(block, at, this.#readMember.bind(this, block));
    if (!record.isWhole) throw new MalformedJson('a line lacks its keys or its time', at);
    // Without old images a line without a new one tells of a deletion, of what nobody knows; the key must do.
    if (this.#view === 'NEW_IMAGE' && record.newImage === undefined) record.oldImage = record.keys;
  }

  /** One member of a line; returns the position behind it. */
  #readMember(block: Buffer, nameStart: number, nameEnd: number, start: number): number {
    const name = decodeString(block, nameStart, nameEnd);
    const behindItem = this.#record.readItem(name, block, start);
    if (behindItem !== undefined) return behindItem;
    const end = skipValue(block, start);
    if (name === 'Metadata') {
      const { WriteTimestampMicros } = JSON.parse(block.toString('utf8', start, end)) as {
        WriteTimestampMicros?: { N?: string };
      };
      this.#record.createdMs = Number(WriteTimestampMicros?.N ?? NaN) / 1000;
    }
    return end;
  }
}
