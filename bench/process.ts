import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessKey, type EndpointReport, type Job, type Measured } from './messages.ts';

/** Environment of measured processes: credentials of the endpoints, and nothing of the user's that could lead elsewhere. */
const environment = {
  PATH: process.env['PATH'],
  NODE_OPTIONS: process.env['NODE_OPTIONS'],
  AWS_ACCESS_KEY_ID: accessKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: accessKey.secretAccessKey,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Runs a job in a process of its own. */
export async function measure(job: Job): Promise<Measured> {
  const child = fork(new URL('./work/main.ts', import.meta.url), { env: environment });
  child.send(job);
  return (await answer(child)) as Measured;
}

/** The process that measured processes talk to. */
export class EndpointProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<EndpointProcess> {
    const child = fork(new URL('./endpoints/main.ts', import.meta.url), { env: { PATH: process.env['PATH'] } });
    await answer(child);
    return new EndpointProcess(child);
  }

  /** What went on since the last call. */
  async report(): Promise<EndpointReport> {
    return this.#ask('report');
  }

  /** The same, and drops all objects. */
  async empty(): Promise<EndpointReport> {
    return this.#ask('empty');
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(message: 'report' | 'empty'): Promise<EndpointReport> {
    this.#child.send(message);
    return (await answer(this.#child)) as EndpointReport;
  }
}

/** The next message of the process. Rejects where it ends without one. */
export async function answer(child: ChildProcess): Promise<unknown> {
  const scope = new AbortController();
  const ended = once(child, 'exit', { signal: scope.signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: scope.signal }), ended])) as unknown[];
    return message;
  } finally {
    scope.abort();
    ended.catch(() => undefined);
  }
}
