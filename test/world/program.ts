import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { newFolder, newHome } from './home.ts';
import { inject } from 'vitest';
import { forgetProcess, guarded, killGroup } from './run-directory.ts';

/** A JSON line of the program's standard output. */
interface ProgramEvent {
  type: string;
  [member: string]: unknown;
}

export interface ProgramOptions {
  /** Added to an environment that holds nothing of the caller's but PATH and the temporary folder. */
  env?: Record<string, string>;
  /** The working folder; an empty one where left out. */
  cwd?: string;
  /** A home folder, as `newHome` makes it; that with both sites' profiles where left out. */
  home?: string;
  /** Kills after this time. */
  killAfterMs?: number;
  /** Kills at the first line of standard output or error that matches; `event` is given where the line is JSON. */
  killWhen?: (line: string, event: ProgramEvent | undefined) => boolean;
  /** What to kill with; SIGKILL where left out. */
  signal?: NodeJS.Signals;
}

export interface ProgramResult {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Those lines of stdout that are JSON. */
  events: ProgramEvent[];
}

/** The program while it runs. */
export interface RunningProgram {
  process: ChildProcess;
  done: Promise<ProgramResult>;
  /** Resolves when it has printed an event that matches; rejects when it ends without. */
  said: (matches: (event: ProgramEvent) => boolean) => Promise<void>;
}

const binFolder = resolve(import.meta.dirname, '../../node_modules/.bin');

/** Runs a script with the project's own node. */
export function startProgram(script: string, args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const runDirectory = inject('runDirectory');
  const child = spawn(...guarded(runDirectory, join(binFolder, 'node'), [script, ...args]), {
    cwd: options.cwd ?? newFolder(),
    env: cleanEnvironment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) sendSignal(child.pid, options);
  };
  const heard = new EventEmitter<{ event: [ProgramEvent] }>();
  const stdout = collectLines(child.stdout, (line) => {
    const event = parseEvent(line);
    if (event !== undefined) heard.emit('event', event);
    if (options.killWhen?.(line, event) === true) kill();
  });
  const stderr = collectLines(child.stderr, (line) => options.killWhen?.(line, undefined) === true && kill());
  const timer = options.killAfterMs === undefined ? undefined : setTimeout(kill, options.killAfterMs);
  const done = new Promise<ProgramResult>((fulfil, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (child.pid !== undefined) forgetProcess(runDirectory, child.pid);
      fulfil({ code, signal, stdout: stdout.join('\n'), stderr: stderr.join('\n'), events: eventsIn(stdout) });
    });
  });
  const said = (matches: (event: ProgramEvent) => boolean): Promise<void> =>
    new Promise((fulfil, reject) => {
      const hear = (event: ProgramEvent): void => {
        if (matches(event)) fulfil();
      };
      heard.on('event', hear);
      eventsIn(stdout).forEach(hear);
      done.then(
        ({ code, stderr: text }) => reject(new Error(`it ended with ${code} first: ${stdout.at(-1)} ${text}`)),
        reject,
      );
    });
  return { process: child, done, said };
}

function eventsIn(lines: readonly string[]): ProgramEvent[] {
  return lines.flatMap((line) => parseEvent(line) ?? []);
}

function sendSignal(pid: number, { signal = 'SIGKILL' }: ProgramOptions): void {
  if (signal === 'SIGKILL') killGroup(pid);
  else process.kill(pid, signal);
}

function cleanEnvironment({ env, home }: ProgramOptions): Record<string, string> {
  return {
    PATH: `${binFolder}${delimiter}${process.env.PATH ?? ''}`,
    HOME: home ?? newHome(),
    TMPDIR: tmpdir(),
    // Hundreds of starts need not compile the same code each time.
    NODE_COMPILE_CACHE: join(inject('runDirectory'), 'compiled'),
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    // The default chain would otherwise ask a metadata service that may exist where tests run.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  };
}

function collectLines(stream: NodeJS.ReadableStream, each: (line: string) => void): string[] {
  const lines: string[] = [];
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    lines.push(line);
    each(line);
  });
  return lines;
}

function parseEvent(line: string): ProgramEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as ProgramEvent;
  } catch {
    return undefined;
  }
}
