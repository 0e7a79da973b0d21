import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePorts } from './free-port.ts';
import { answers, startService, waitUntilReady } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';

export interface DynamoDbLocal {
  endpoint: string;
  process: ServiceProcess;
}

/**
 * AWS's DynamoDB Local, in memory. Not `-sharedDb`: each pair of access key and region is a database of its own, so one process is two sites.
 * It accepts any secret, never throttles, and binds every address, which no option of its own prevents.
 */
export async function startDynamoDbLocal(runDirectory: string): Promise<DynamoDbLocal> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('amplify-dynamodb-simulator/package.json')),
    'emulator',
  );
  const [port] = await freePorts(1);
  const process = startService(runDirectory, {
    name: `dynamodb-local-${port}`,
    file: 'java',
    args: [
      '-Xmx1g',
      // Without it the JVM takes one GC thread and one compiler thread for each core that it believes to have.
      '-XX:+UseSerialGC',
      `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(folder, 'DynamoDBLocal.jar'),
      '-port',
      String(port),
      '-inMemory',
      '-disableTelemetry',
    ],
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntilReady(process, () => answers(endpoint));
  return { endpoint, process };
}
