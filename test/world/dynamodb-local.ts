import { dynamoDbLocalArguments } from '../../src/demo/live/dynamodb-local-command.ts';
import { freePorts } from './free-port.ts';
import { answers, startService, waitUntilReady } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';

export interface DynamoDbLocal {
  endpoint: string;
  process: ServiceProcess;
}

export interface DynamoDbLocalOptions {
  /** A folder that keeps what it holds over its end; in memory where absent. */
  folder?: string;
  /** By how many hours its clock is ahead; shards roll over, TTL deletes, and old records are trimmed by that clock. */
  hoursAhead?: number;
}

/**
 * AWS's DynamoDB Local, in memory unless told. Not `-sharedDb`: each pair of access key and region is a database of its own, so one process is two sites.
 * It accepts any secret, never throttles, and binds every address, which no option of its own prevents.
 */
export async function startDynamoDbLocal(
  runDirectory: string,
  { folder: dataFolder, hoursAhead = 0 }: DynamoDbLocalOptions = {},
): Promise<DynamoDbLocal> {
  const [port] = await freePorts(1);
  const process = startService(runDirectory, {
    name: `dynamodb-local-${port}`,
    file: hoursAhead === 0 ? 'java' : 'faketime',
    args: [
      ...(hoursAhead === 0 ? [] : ['-f', `+${hoursAhead}h`, 'java']),
      ...dynamoDbLocalArguments(port, runDirectory),
      ...(dataFolder === undefined ? ['-inMemory'] : ['-dbPath', dataFolder]),
    ],
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(process, () => answers(endpoint));
  return { endpoint, process };
}
