import { MalformedJson, decodeString, skipSpace, skipValue, walkElements, walkMembers } from '../model/json-bytes.ts';
import { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';
import type { ItemView } from '../model/item.ts';
import type { DynamoDbClient } from './client.ts';

/** A FilterExpression with its placeholders resolved, as the Scan takes it. */
interface ScanFilter {
  FilterExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
}

/** One parallel scan: what all its requests have in common. */
export interface ScanSettings {
  table: string;
  totalSegments: number;
  consistentRead: boolean;
  filter?: ScanFilter;
}

/** What one page says besides its items. */
export interface PageFacts {
  /** Items that the service read, before its filter. */
  scanned: number;
  /** Items in the page. */
  returned: number;
  /** Where to go on, as DynamoDB JSON; undefined at the segment's end. Holds key values: it must not leave the source unsealed. */
  lastKey: Buffer | undefined;
  /** Read capacity units that the page cost. */
  consumedUnits: number;
}

/** A page holds 1 MB by DynamoDB's count (API_Scan), which as JSON is seldom more than this. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** More than are read side by side are not worth keeping. */
const PAGES_KEPT = 32;

/** Requests pages of one table's parallel scan. */
export class Scanner {
  readonly #client: DynamoDbClient;
  readonly #settings: ScanSettings;
  readonly #common: string;
  readonly #pages = new BufferPool(PAGE_BYTES, PAGES_KEPT);

  constructor(client: DynamoDbClient, settings: ScanSettings) {
    this.#client = client;
    this.#settings = settings;
    const common = JSON.stringify({
      TableName: settings.table,
      TotalSegments: settings.totalSegments,
      ConsistentRead: settings.consistentRead,
      ReturnConsumedCapacity: 'TOTAL',
      ...settings.filter,
    });
    this.#common = common.slice(0, -1);
  }

  /** One page of a segment from behind `startKey` on, as bytes. `limit` bounds the items read for it. */
  page(
    segment: number,
    startKey: Buffer | undefined,
    limit: number | undefined,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    const tail = `${this.#common},"Segment":${segment}${limit === undefined ? '' : `,"Limit":${limit}`}`;
    const body =
      startKey === undefined
        ? Buffer.from(`${tail}}`)
        : Buffer.concat([Buffer.from(`${tail},"ExclusiveStartKey":`), startKey, Buffer.from('}')]);
    return this.#client.call('Scan', this.#settings.table, body, signal, this.#pages);
  }

  /** Says that a page is not needed any more, nor any view of it: its memory serves for another one. */
  recycle(page: Buffer): void {
    this.#pages.give(page);
  }
}

/**
 * Walks over a page once: `onItem` is called for every item, `view` holding it. Throws SERVICE_FAILED where the page is not what a Scan answers
 * or holds another number of items than it says.
 */
export function readPage(page: Buffer, view: ItemView, onItem: (item: ItemView) => void): PageFacts {
  const facts: PageFacts = { scanned: 0, returned: 0, lastKey: undefined, consumedUnits: 0 };
  let announced = 0;
  try {
    walkMembers(page, skipSpace(page, 0), (nameStart, nameEnd, start) => {
      const name = decodeString(page, nameStart, nameEnd);
      if (name === 'Items')
        return walkElements(page, start, (itemStart) => {
          const itemEnd = view.read(page, itemStart);
          facts.returned++;
          onItem(view);
          return itemEnd;
        });
      const end = skipValue(page, start);
      const value = (): unknown => JSON.parse(page.toString('utf8', start, end));
      if (name === 'Count') announced = value() as number;
      else if (name === 'ScannedCount') facts.scanned = value() as number;
      else if (name === 'LastEvaluatedKey') facts.lastKey = Buffer.from(page.subarray(start, end));
      else if (name === 'ConsumedCapacity')
        facts.consumedUnits = (value() as { CapacityUnits?: number }).CapacityUnits ?? 0;
      return end;
    });
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new DynaferryError('SERVICE_FAILED', `a page of the scan cannot be read: ${error.message}`);
  }
  if (facts.returned !== announced)
    throw new DynaferryError(
      'SERVICE_FAILED',
      `a page of the scan announces ${announced} items and holds ${facts.returned}`,
    );
  return facts;
}
