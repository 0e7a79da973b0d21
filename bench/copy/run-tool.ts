import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from './tools.ts';

export interface RunOptions {
  /** Put in front of the command. */
  prefix?: readonly string[];
  /** Killed after that long. */
  msMax?: number;
}

/** What a program took, from its start to its end, with all its threads and children. */
export interface ToolRun {
  seconds: number;
  /** User and system. Absent for a program that was killed. */
  cpuSeconds?: number;
  rssPeakBytes?: number;
  /** Undefined when it was killed because its time was up. */
  exitCode: number | undefined;
  /** The end of what it said. */
  output: string;
}

const OUTPUT_CHARACTERS_MAX = 2000;

/** Runs a program in an empty folder of its own, and has `time` measure it. */
export async function runTool(command: Command, { prefix = [], msMax }: RunOptions = {}): Promise<ToolRun> {
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-bench-'));
  try {
    return await run(command, folder, prefix, msMax);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: Command, folder: string, prefix: readonly string[], msMax?: number): Promise<ToolRun> {
  const times = join(folder, 'times');
  const [file, ...args] = [...prefix, 'time', '-f', '%U %S %M', '-o', times, command.file, ...command.args];
  const startedMs = performance.now();
  // A group of its own, so that the program ends with `time`.
  const child = spawn(file, args, {
    cwd: folder,
    env: { ...command.env, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const take = (text: string): void => {
    output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  let isLate = false;
  const killGroup = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const kill = (): void => {
    isLate = true;
    killGroup();
  };
  const timer = msMax === undefined ? undefined : setTimeout(kill, msMax);
  // Whoever interrupts the benchmark does not want the program to go on.
  process.once('exit', killGroup);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('exit', killGroup);
      const seconds = (performance.now() - startedMs) / 1000;
      if (isLate) return resolve({ seconds, exitCode: undefined, output });
      // What `time` says of a status that is not 0 stands on a line before.
      const [user, system, rssKib] = (readFileSync(times, 'utf8').trim().split('\n').at(-1) ?? '')
        .split(' ')
        .map(Number);
      return resolve({
        seconds,
        cpuSeconds: user + system,
        rssPeakBytes: rssKib * 1024,
        exitCode: code ?? -1,
        output,
      });
    });
  });
}
