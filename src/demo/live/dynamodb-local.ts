import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DynaferryError } from '../../model/errors.ts';
import { listenOnLoopback, type EmbeddedEndpoint } from '../loopback.ts';
import { dynamoDbLocalArguments, hasDynamoDbLocal } from './dynamodb-local-command.ts';

/** A JVM on a busy machine takes its time. */
const START_MS_MAX = 60_000;
const LOOK_MS = 100;

/**
 * Ends Java with us, in whatever way we end: it is killed when the other end of descriptor 3 closes. In a session of its own, since a Ctrl-C
 * at the terminal is ours to answer, and what is under way then still needs it.
 */
const GUARDED = '{ read -r _ <&3; kill -s KILL $$; } & exec "$@" 3<&-';

/**
 * Starts AWS's DynamoDB Local, which has streams. It keeps a database for each pair of access key and region, so one of it is two sites; it takes any secret, and tells the time of
 * a change to the minute. It listens on all addresses of the machine, which nothing prevents. Throws LOCAL_JAVA where it cannot be started.
 */
export async function startDynamoDbLocal(signal?: AbortSignal): Promise<EmbeddedEndpoint> {
  await checkJava();
  const folder = await mkdtemp(join(tmpdir(), 'dynaferry-dynamodb-'));
  const url = await freeUrl();
  // Compiling well takes longer than a demo lives.
  const args = ['-XX:TieredStopAtLevel=1', ...dynamoDbLocalArguments(Number(new URL(url).port), folder), '-inMemory'];
  const child = spawn('sh', ['-c', GUARDED, 'sh', 'java', ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    child.stdio[3]?.destroy();
    await rm(folder, { recursive: true, force: true });
  };
  const close = (): Promise<void> => (closed ??= end());
  try {
    await untilAnswers(url, child, signal);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function checkJava(): Promise<void> {
  if (!hasDynamoDbLocal())
    throw new DynaferryError('LOCAL_JAVA', 'a live demo runs on AWS’s DynamoDB Local, which is not installed', {
      fix: 'Run it in a clone of the project, where `npm ci` brings DynamoDB Local along: `npm run demo -- --live`.',
    });
  try {
    await promisify(execFile)('java', ['-version']);
  } catch (cause) {
    throw new DynaferryError('LOCAL_JAVA', 'a live demo runs on AWS’s DynamoDB Local, which needs Java', { cause });
  }
}

async function freeUrl(): Promise<string> {
  const endpoint = await listenOnLoopback(createServer(), 0);
  await endpoint.close();
  return endpoint.url;
}

async function untilAnswers(url: string, child: ChildProcess, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new DynaferryError('LOCAL_JAVA', 'DynamoDB Local does not start with the Java that is installed');
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** Whether anybody answers, whatever the status. */
async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
