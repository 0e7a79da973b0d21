import type { Place } from '../world/canaries.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramResult, RunningProgram } from '../world/program.ts';

/** What programs leave on their machines: all that they said, and the folders that they worked in. For canaries to be sought in. */
export class Traces {
  readonly #folders: string[];
  readonly #said: Place[] = [];

  /** With folders that are there already. */
  constructor(...folders: string[]) {
    this.#folders = folders;
  }

  /** A new working folder. */
  newFolder(): string {
    const folder = newFolder();
    this.#folders.push(folder);
    return folder;
  }

  /** Waits for a program and remembers what it said; `name` is for findings. */
  async note(name: string, running: RunningProgram): Promise<ProgramResult> {
    const result = await running.done;
    this.#said.push({ name: `${name} stdout`, bytes: result.stdout }, { name: `${name} stderr`, bytes: result.stderr });
    return result;
  }

  get places(): Place[] {
    return [...this.#said, ...this.#folders.map((folder) => ({ folder }))];
  }
}
