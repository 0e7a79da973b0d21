import { compareKeys } from './compare-keys.ts';
import { decodeEntities } from './decode-in-place.ts';
import { ListedObjectReader, numberAt } from './listed-object-reader.ts';
import { PageObject } from './page-object.ts';
import { PageTable } from './page-table.ts';
import { HAS_ENTITY } from './text-flags.ts';
import { XmlCursor } from './xml-cursor.ts';

/** One answer to ListObjectsV2: objects in the order of their keys' UTF-8 bytes, or none although there are further pages. */
export class ListPage {
  /** Gives the next page; undefined where this is the last. */
  readonly token: string | undefined;
  readonly #table: PageTable;

  constructor(table: PageTable, token: string | undefined) {
    this.#table = table;
    this.token = token;
  }

  get length(): number {
    return this.#table.length;
  }

  object(index: number): PageObject {
    return new PageObject(this.#table, index);
  }

  /** All of them, for who does not take one after the other. */
  get objects(): PageObject[] {
    return Array.from({ length: this.length }, (_, index) => this.object(index));
  }

  /** Nobody needs the objects any more: the page's memory serves for another one. Where it is not called, nothing is lost but that. */
  release(): void {
    this.#table.release();
  }
}

/** What the keys of a page keep to. */
export interface PageBounds {
  /** All begin with it. */
  prefix: string;
  /** All come after it. */
  after?: string;
}

const ROOT = Buffer.from('ListBucketResult');
const CONTENTS = Buffer.from('Contents');
const IS_TRUNCATED = Buffer.from('IsTruncated');
const TOKEN = Buffer.from('NextContinuationToken');
const KEY_COUNT = Buffer.from('KeyCount');

/**
 * Reads an answer to ListObjectsV2 that was asked for without a delimiter and with encoding-type=url. Decodes it in place, and the page's objects
 * stay views of it: the bytes are the page's from now on. Throws MalformedXml where it is no such answer, breaks off, holds another number of objects than it says, or has keys out of order or bounds: who
 * merges two listings relies on their order, and who deletes by them on their being whole.
 */
export function readListPage(body: Buffer, bounds: PageBounds): ListPage {
  const cursor = new XmlCursor(body);
  cursor.openRoot();
  if (!cursor.isNamed(ROOT) || cursor.isEmpty) throw cursor.fault('no ListBucketResult');
  const { tagStart, nameStart, nameEnd } = cursor;
  const namespace = body.toString('latin1', tagStart, nameStart);
  // It may stand behind the keys. A service that does not encode them does not say so.
  const table = new PageTable(body);
  const reader = new ListedObjectReader(cursor, table, body.includes(`>url</${namespace}EncodingType>`));
  let truncated = '';
  let token = '';
  let count: number | undefined;
  for (;;) {
    const { at } = cursor;
    if (!cursor.open()) break;
    if (cursor.isNamed(CONTENTS)) reader.read(at);
    else if (cursor.isNamed(IS_TRUNCATED)) truncated = readString(cursor);
    else if (cursor.isNamed(TOKEN)) token = readString(cursor);
    else if (cursor.isNamed(KEY_COUNT)) count = readCount(cursor);
    else cursor.skip();
  }
  cursor.close(tagStart, nameEnd);
  cursor.end();
  if (truncated !== 'true' && truncated !== 'false') throw cursor.fault('no IsTruncated');
  const isLast = truncated === 'false';
  if (!isLast && token === '') throw cursor.fault('no NextContinuationToken');
  if (count !== undefined && count !== table.length) throw cursor.fault('another KeyCount than keys');
  const page = new ListPage(table, isLast ? undefined : token);
  if (!isWithin(page, bounds)) throw cursor.fault('keys out of bounds');
  return page;
}

/** Keys are in order, so the first and the last stand for all between. */
function isWithin(page: ListPage, { prefix, after }: PageBounds): boolean {
  if (page.length === 0) return true;
  const first = page.object(0).key;
  const last = page.object(page.length - 1).key;
  return first.startsWith(prefix) && last.startsWith(prefix) && (after === undefined || compareKeys(first, after) > 0);
}

function readString(cursor: XmlCursor): string {
  cursor.readText();
  const { bytes, textStart, textEnd, flags } = cursor;
  return bytes.toString('utf8', textStart, flags & HAS_ENTITY ? decodeEntities(bytes, textStart, textEnd) : textEnd);
}

function readCount(cursor: XmlCursor): number {
  cursor.readText();
  return numberAt(cursor, cursor.textStart, cursor.textEnd);
}
