import type { HttpResponse } from '../aws/http-client.ts';
import { SignedClient, type ClientOptions, type ServiceRequest } from '../aws/signed-client.ts';
import type { Site } from '../aws/site.ts';
import { BufferPool } from '../model/buffer-pool.ts';
import { DynaferryError } from '../model/errors.ts';
import { classify } from './client.ts';

/** One shard of a stream as DescribeStream lists it. A shard that is closed gets no more records; its children go on with its keys. */
export interface ListedShard {
  ShardId: string;
  /** May name a shard that is not listed any more. */
  ParentShardId?: string;
}

/** What DescribeStream says of a stream, all pages of shards together. */
export interface StreamDescription {
  /** A stream that is switched off stays readable for a day. */
  status: 'ENABLING' | 'ENABLED' | 'DISABLING' | 'DISABLED';
  shards: ListedShard[];
}

interface StreamPage {
  StreamDescription: {
    StreamStatus: StreamDescription['status'];
    Shards: ListedShard[];
    LastEvaluatedShardId?: string;
  };
}

const HEADERS = {
  DescribeStream: headersOf('DescribeStream'),
  GetShardIterator: headersOf('GetShardIterator'),
  GetRecords: headersOf('GetRecords'),
};

function headersOf(operation: string): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDBStreams_20120810.${operation}` };
}

/** An answer holds 1 MB by the service's count (API_streams_GetRecords), of which the JSON is seldom more than twice as much. */
const PAGE_BYTES = 2 * 1024 * 1024;
/** More than are read side by side are not worth keeping. */
const PAGES_KEPT = 32;

/** DynamoDB Streams over signed HTTP: a service of its own beside DynamoDB's, with the same protocol. */
export class StreamsClient {
  readonly #client: SignedClient;
  readonly #pages = new BufferPool(PAGE_BYTES, PAGES_KEPT);

  constructor(site: Site, options: ClientOptions = {}) {
    this.#client = new SignedClient(site, 'dynamodb', site.streamsUrl, classifyStreams, options);
  }

  /** Throws STREAM_GAP where there is no such stream (any more). */
  async describe(streamArn: string, signal?: AbortSignal): Promise<StreamDescription> {
    const shards: ListedShard[] = [];
    let from: string | undefined;
    for (;;) {
      const input = { StreamArn: streamArn, ...(from !== undefined && { ExclusiveStartShardId: from }) };
      const answer = await this.#call('DescribeStream', streamArn, input, signal);
      const { StreamStatus, Shards, LastEvaluatedShardId } = (JSON.parse(answer.toString('utf8')) as StreamPage)
        .StreamDescription;
      shards.push(...Shards);
      if (LastEvaluatedShardId === undefined) return { status: StreamStatus, shards };
      from = LastEvaluatedShardId;
    }
  }

  /**
   * Where reading a shard begins: behind a record, by its sequence number, or at the oldest that the stream still has where `after` is null. Valid for 15
   * minutes. Throws STREAM_GAP where the record is not in the stream any more.
   */
  async iterator(streamArn: string, shardId: string, after: string | null, signal?: AbortSignal): Promise<string> {
    const from =
      after === null
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after };
    const input = { StreamArn: streamArn, ShardId: shardId, ...from };
    const answer = await this.#call('GetShardIterator', streamArn, input, signal);
    return (JSON.parse(answer.toString('utf8')) as { ShardIterator: string }).ShardIterator;
  }

  /** The records behind an iterator, at most `limit` of them, as bytes; read them with RecordReader. Throws STREAM_GAP where records behind it were removed before they were read. */
  records(streamArn: string, iterator: string, signal?: AbortSignal, limit?: number): Promise<Buffer> {
    const input = { ShardIterator: iterator, ...(limit !== undefined && { Limit: limit }) };
    return this.#call('GetRecords', streamArn, input, signal, this.#pages);
  }

  /** Says that an answer of `records` is not needed any more, nor any view of it: its memory serves for another one. */
  recycle(page: Buffer): void {
    this.#pages.give(page);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #call(
    operation: keyof typeof HEADERS,
    streamArn: string,
    input: object,
    signal?: AbortSignal,
    into?: BufferPool,
  ): Promise<Buffer> {
    const response = await this.#client.send({
      method: 'POST',
      path: '/',
      headers: HEADERS[operation],
      body: Buffer.from(JSON.stringify(input)),
      operation,
      resource: streamArn,
      signal,
      into,
    });
    return response.body;
  }
}

/** Whether an iterator is too old to be used: another one goes on at the same place. */
export function isExpiredIterator(error: unknown): boolean {
  return error instanceof DynaferryError && error.serviceCode === 'ExpiredIteratorException';
}

function classifyStreams(response: HttpResponse, request: ServiceRequest, site: Site): DynaferryError | undefined {
  const error = classify(response, request, site);
  const details = { serviceCode: error?.serviceCode, status: error?.status };
  switch (error?.serviceCode) {
    case 'LimitExceededException':
      return new DynaferryError(
        'THROTTLED',
        `${site.role}: ${request.resource} throttles ${request.operation}`,
        details,
      );
    case 'TrimmedDataAccessException':
      return new DynaferryError(
        'STREAM_GAP',
        `${site.role}: ${request.resource} holds changes for 24 hours, and older ones that were not read yet are gone`,
        details,
      );
    case 'ResourceNotFoundException':
      return new DynaferryError(
        'STREAM_GAP',
        `${site.role}: the stream ${request.resource}, or a shard of it that was not read to its end, does not exist any more`,
        details,
      );
    default:
      return error;
  }
}
