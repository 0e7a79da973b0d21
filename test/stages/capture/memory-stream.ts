import { StreamsClient, type StreamDescription } from '../../../src/dynamodb/streams.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { siteAt } from '../../aws/site-at.ts';

type Item = Record<string, Record<string, unknown>>;

/** A change as the service records it; the key is `PK`. */
export interface Change {
  key: string;
  before?: Item;
  after?: Item;
  createdMs?: number;
  byTtl?: boolean;
}

interface Shard {
  parent: string | undefined;
  records: { sequenceNumber: string; text: string }[];
  closed: boolean;
  /** Records that are gone. */
  trimmed: number;
}

/** A stream in memory, as the service behaves: shards that close, children, iterators that expire, records that are trimmed. */
export class MemoryStream extends StreamsClient {
  status: StreamDescription['status'] = 'ENABLED';
  pageRecords = 3;
  /** So many answers have no records, although there are some further on. */
  emptyFirst = 0;
  /** Asked for records: how often, of which shard from which record on. */
  readonly reads: { shardId: string; from: number }[] = [];
  /** May throw in place of an answer. */
  beforeRead: (shardId: string, from: number) => void = () => undefined;
  /** May throw in place of a listing, or take shards out of it. */
  onList: (shardIds: string[]) => string[] = (shardIds) => shardIds;
  readonly #shards = new Map<string, Shard>();
  #sequence = 100;

  constructor() {
    super(siteAt('http://127.0.0.1:0'));
  }

  open(shardId: string, parent?: string): void {
    this.#shards.set(shardId, { parent, records: [], closed: false, trimmed: 0 });
  }

  /** The shard ends; its children go on. */
  close_(shardId: string, ...children: string[]): void {
    this.#shard(shardId).closed = true;
    for (const child of children) this.open(child, shardId);
  }

  /** Records that are older than a day disappear: the first so many. */
  trim(shardId: string, records: number): void {
    this.#shard(shardId).trimmed = records;
  }

  /** The shard, and all that was in it, is gone. */
  remove(shardId: string): void {
    this.#shards.delete(shardId);
  }

  write(shardId: string, change: Change): void {
    const sequenceNumber = String(this.#sequence++);
    this.#shard(shardId).records.push({ sequenceNumber, text: recordText(change, sequenceNumber) });
  }

  override async describe(): Promise<StreamDescription> {
    await turn();
    const shards = this.onList([...this.#shards.keys()]).map((ShardId) => {
      const { parent } = this.#shard(ShardId);
      return { ShardId, ...(parent !== undefined && { ParentShardId: parent }) };
    });
    return { status: this.status, shards };
  }

  override async iterator(_arn: string, shardId: string, after: string | null): Promise<string> {
    await turn();
    const { records, trimmed } = this.#shard(shardId);
    const at = after === null ? trimmed : records.findIndex(({ sequenceNumber }) => sequenceNumber === after) + 1;
    // Also where nothing came behind the record that is gone: its number is older than the oldest.
    if (after !== null && at <= trimmed) throw gone('TrimmedDataAccessException');
    return `${shardId}:${at}`;
  }

  override async records(_arn: string, iterator: string, _signal?: AbortSignal, limit?: number): Promise<Buffer> {
    await turn();
    const [shardId, position] = iterator.split(':');
    const from = Number(position);
    if (limit === undefined) {
      this.beforeRead(shardId, from);
      this.reads.push({ shardId, from });
    }
    const { records, trimmed, closed } = this.#shard(shardId);
    if (limit === undefined && this.emptyFirst > 0) {
      this.emptyFirst--;
      return Buffer.from(`{"NextShardIterator":"${iterator}","Records":[]}`);
    }
    if (from < trimmed) throw gone('TrimmedDataAccessException');
    const page = records.slice(from, from + (limit ?? this.pageRecords));
    const to = from + page.length;
    const next = closed && to === records.length ? '' : `"NextShardIterator":"${shardId}:${to}",`;
    return Buffer.from(`{${next}"Records":[${page.map(({ text }) => text).join(',')}]}`);
  }

  override async close(): Promise<void> {}

  #shard(shardId: string): Shard {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw gone('ResourceNotFoundException');
    return shard;
  }
}

/** A record as GetRecords answers it. */
function recordText(
  { key, before, after, createdMs = Date.now() - 60_000, byTtl = false }: Change,
  sequenceNumber: string,
): string {
  const image = (item: Item | undefined): Item | undefined => item && { PK: { S: key }, ...item };
  return JSON.stringify({
    awsRegion: 'us-west-2',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(createdMs / 1000),
      Keys: { PK: { S: key } },
      NewImage: image(after),
      OldImage: image(before),
      SequenceNumber: sequenceNumber,
      SizeBytes: 5,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventID: 'e',
    eventName: after === undefined ? 'REMOVE' : before === undefined ? 'INSERT' : 'MODIFY',
    ...(byTtl && { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } }),
  });
}

export function expiredIterator(): DynaferryError {
  return new DynaferryError('REQUEST_REFUSED', 'expired', { serviceCode: 'ExpiredIteratorException' });
}

function gone(serviceCode: string): DynaferryError {
  return new DynaferryError('STREAM_GAP', 'gone', { serviceCode });
}

/** As on a network, others get their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
