import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import { BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { siteIdentities, type SiteName } from '../../../test/world/site.ts';
import type { ChangesJob } from '../messages.ts';
import type { Work } from './main.ts';

type Item = Record<string, unknown>;

const BATCH_ITEMS = 25;
/** As many requests at once as dynaferry's apply has. */
const CONCURRENCY = 24;
/** As often as dynaferry reads a shard. */
const POLL_MS = 200;

/**
 * The usual loop: each shard is read by itself, and what it tells is written to the other table; the last change of each key of a page in batches side by side, or
 * one after the other as handlers of streams mostly do. No staging, no policy, no checkpoints, and shards are not read behind their parents.
 */
export function loopWork({ source, target, table }: ChangesJob, way: 'batch' | 'put'): Work {
  const settings = (name: SiteName, endpoint: string) => ({
    region: siteIdentities[name].region,
    credentials: siteIdentities[name].credentials,
    endpoint,
  });
  const streams = new DynamoDBStreamsClient(settings('source', source.dynamodb));
  const from = new DynamoDBClient(settings('source', source.dynamodb));
  const to = DynamoDBDocumentClient.from(new DynamoDBClient(settings('target', target.dynamodb)));

  async function write(changes: Item[]): Promise<void> {
    let requests = { [table]: changes };
    while (Object.keys(requests).length > 0) {
      const answer = await to.send(new BatchWriteCommand({ RequestItems: requests }));
      requests = answer.UnprocessedItems ?? {};
    }
  }

  async function writeBatches(records: readonly StreamRecord[]): Promise<void> {
    const last = new Map<unknown, Item>();
    for (const record of records) {
      const { key, item } = changeOf(record);
      last.set(key['PK'], item === undefined ? { DeleteRequest: { Key: key } } : { PutRequest: { Item: item } });
    }
    const changes = [...last.values()];
    const underWay = new Set<Promise<void>>();
    for (let at = 0; at < changes.length; at += BATCH_ITEMS) {
      const writing = write(changes.slice(at, at + BATCH_ITEMS)).finally(() => underWay.delete(writing));
      underWay.add(writing);
      if (underWay.size >= CONCURRENCY) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  }

  async function writeOneByOne(records: readonly StreamRecord[]): Promise<void> {
    for (const record of records) {
      const { key, item } = changeOf(record);
      if (item === undefined) await to.send(new DeleteCommand({ TableName: table, Key: key }));
      else await to.send(new PutCommand({ TableName: table, Item: item }));
    }
  }

  const apply = way === 'batch' ? writeBatches : writeOneByOne;

  return async (signal, onApplied) => {
    const described = await from.send(new DescribeTableCommand({ TableName: table }));
    const StreamArn = described.Table?.LatestStreamArn;
    const stream = await streams.send(new DescribeStreamCommand({ StreamArn }));
    let applied = 0;
    const readShard = async (ShardId: string | undefined): Promise<void> => {
      const at = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
      let { ShardIterator } = await streams.send(new GetShardIteratorCommand(at));
      while (ShardIterator !== undefined && !signal.aborted) {
        const { Records = [], NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
        ShardIterator = NextShardIterator;
        await apply(Records);
        applied += Records.length;
        onApplied(applied);
        if (Records.length === 0) await sleep(POLL_MS);
      }
    };
    await Promise.all((stream.StreamDescription?.Shards ?? []).map(({ ShardId }) => readShard(ShardId)));
  };
}

function changeOf({ dynamodb }: StreamRecord): { key: Item; item: Item | undefined } {
  const { Keys = {}, NewImage } = dynamodb ?? {};
  return {
    key: unmarshall(Keys),
    item: NewImage && unmarshall(NewImage),
  };
}
