import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { startProgram } from './program.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from './program.ts';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** Runs the compiled program to its end, or to its being killed. A code that is not 0 is a result, not an error. */
export function runCli(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  return startCli(args, options).done;
}

/** Starts the compiled program, for tests that send it signals or look at it while it runs. */
export function startCli(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`);
  return startProgram(main, args, options);
}
