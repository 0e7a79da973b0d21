import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer } from '../process.ts';
import type { ChangesJob, ChangesMessage } from './messages.ts';

/** A process that copies changes and tells in the end what that took. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** Resolves when its modules are loaded and it begins. Nothing of the user's environment reaches it that could lead elsewhere. */
  static async start(job: Omit<ChangesJob, 'folder'>): Promise<MeasuredProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'dynaferry-bench-'));
    const child = fork(new URL('./work/main.ts', import.meta.url), {
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        NODE_OPTIONS: process.env['NODE_OPTIONS'],
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    const started = new MeasuredProcess(child, folder);
    child.send({ ...job, folder } satisfies ChangesJob);
    await started.#hear('began');
    return started;
  }

  /** Resolves when it has applied as many changes as it was asked for. */
  async applied(): Promise<void> {
    await this.#hear('applied');
  }

  /** Ends it and resolves with what it took. */
  async stop(): Promise<Extract<ChangesMessage, { type: 'ended' }>> {
    this.#child.send('stop');
    const took = await this.#hear('ended');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    rmSync(this.#folder, { recursive: true });
    return took;
  }

  async #hear<Type extends ChangesMessage['type']>(type: Type): Promise<Extract<ChangesMessage, { type: Type }>> {
    const message = (await answer(this.#child)) as ChangesMessage;
    if (message.type !== type) throw new Error(`the measured process says '${message.type}', not '${type}'`);
    return message as Extract<ChangesMessage, { type: Type }>;
  }
}
