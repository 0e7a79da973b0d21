import { setTimeout as sleep } from 'node:timers/promises';
import { DynaferryError } from '../model/errors.ts';
import type { DynamoDbClient } from './client.ts';
import type { StreamsClient } from './streams.ts';
import { waitUntilActive, type TableDescription } from './table.ts';

/** What a stream must carry: without the image before a change nobody can tell that an item leaves the filter. */
const VIEW = 'NEW_AND_OLD_IMAGES';

/** The table's stream: its ARN and what it carries of each change; undefined where it is off. */
export function streamOf(table: TableDescription): { arn: string; hasBothImages: boolean; view: string } | undefined {
  const { StreamSpecification: stream, LatestStreamArn: arn } = table;
  if (stream?.StreamEnabled !== true || arn === undefined) return undefined;
  const view = stream.StreamViewType ?? 'unknown';
  return { arn, hasBothImages: view === VIEW, view };
}

/** Switches the stream on, with new and old images, and waits until the table is ACTIVE again, as it then is. */
export async function enableStream(
  client: DynamoDbClient,
  table: string,
  signal?: AbortSignal,
): Promise<TableDescription> {
  const input = { TableName: table, StreamSpecification: { StreamEnabled: true, StreamViewType: VIEW } };
  try {
    await client.callJson('UpdateTable', table, input, signal);
  } catch (error) {
    // Where the answer was lost, the next attempt is refused because the stream is on: that is no failure.
    if (!(error instanceof DynaferryError && error.code === 'REQUEST_REFUSED')) throw error;
    const now = await waitUntilActive(client, table, signal);
    if (streamOf(now)?.hasBothImages !== true) throw error;
    return now;
  }
  return waitUntilActive(client, table, signal);
}

const ENABLING_LOOK_MS = 1000;

/** Resolves when a stream that is being switched on is on: before that a write may not be in it, though the table is ACTIVE. */
export async function untilStreamIsOn(client: StreamsClient, streamArn: string, signal: AbortSignal): Promise<void> {
  while ((await client.describe(streamArn, signal)).status === 'ENABLING')
    await sleep(ENABLING_LOOK_MS, undefined, { signal });
}
