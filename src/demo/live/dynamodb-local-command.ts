import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A development dependency that brings DynamoDB Local along; AWS's licence lets nobody else hand it out, so an installed package lacks it. */
const PACKAGE = 'amplify-dynamodb-simulator/package.json';

/** Whether DynamoDB Local is there, as it is in a clone after `npm ci`. */
export function hasDynamoDbLocal(): boolean {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
    return true;
  } catch {
    return false;
  }
}

/** What `java` is given to run DynamoDB Local, apart from where it keeps its tables. Throws where it is not there. */
export function dynamoDbLocalArguments(port: number, temporaryFolder: string): string[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), 'emulator');
  return [
    '-Xmx1g',
    // Without it the JVM takes one GC thread and one compiler thread for each core that it believes to have.
    '-XX:+UseSerialGC',
    `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
    // It leaves its SQLite library in the temporary folder where it is killed.
    `-Djava.io.tmpdir=${temporaryFolder}`,
    '-jar',
    join(folder, 'DynamoDBLocal.jar'),
    '-port',
    String(port),
    '-disableTelemetry',
  ];
}
