import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answer } from '../process.ts';
import type { DataSet } from './data-sets.ts';
import type { S3EndpointOrder, S3EndpointReport } from './endpoints/messages.ts';

export interface S3EndpointsOptions {
  /** Put in front of the command: how to run something elsewhere, such as in a network namespace. */
  prefix?: readonly string[];
  /** Free ones where absent. */
  ports?: { source: number; target: number };
}

/** The process of the two S3 endpoints that copies go between. */
export class S3Endpoints {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start({ prefix = [], ports }: S3EndpointsOptions = {}): Promise<S3Endpoints> {
    const [file, ...args] = [
      ...prefix,
      process.execPath,
      fileURLToPath(new URL('./endpoints/main.ts', import.meta.url)),
    ];
    const child = spawn(file, args, {
      env: {
        PATH: process.env['PATH'],
        ...(ports !== undefined && { DYNAFERRY_BENCH_PORTS: `${ports.source},${ports.target}` }),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await answer(child);
    return new S3Endpoints(child);
  }

  /** The source has exactly the objects of these sets, and the target none. */
  stock(sets: DataSet[]): Promise<S3EndpointReport> {
    return this.#order({ kind: 'stock', sets });
  }

  emptyTarget(): Promise<S3EndpointReport> {
    return this.#order({ kind: 'empty-target' });
  }

  /** What went on since the last call. */
  report(): Promise<S3EndpointReport> {
    return this.#order({ kind: 'report' });
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #order(order: S3EndpointOrder): Promise<S3EndpointReport> {
    this.#child.send(order);
    return (await answer(this.#child)) as S3EndpointReport;
  }
}
