import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARKER, forgetProcess, guarded, killGroup } from './run-directory.ts';

/** A service that runs in the foreground of a process group of its own; its output goes to `<run directory>/logs/<name>.log`. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** What ended it, once it has ended. */
  readonly ended: () => string | undefined;
  /** SIGKILL to the whole group; resolves when it is gone. */
  kill(): Promise<void>;
  /** The end of its output. */
  logTail(): string;
}

export interface Command {
  name: string;
  file: string;
  args: readonly string[];
  env?: Record<string, string>;
}

export function startService(runDirectory: string, command: Command): ServiceProcess {
  mkdirSync(join(runDirectory, 'logs'), { recursive: true });
  const logPath = join(runDirectory, 'logs', `${command.name}.log`);
  const log = openSync(logPath, 'a');
  const child = spawn(...guarded(runDirectory, command.file, command.args), {
    // Some leave files where they are started, DynamoDB Local among them.
    cwd: runDirectory,
    detached: true,
    stdio: ['ignore', log, log],
    env: serviceEnvironment(runDirectory, command.env),
  });
  closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command.name}: no process could be started`);
  let ended: string | undefined;
  const exit = once(child, 'exit').then(([code, signal]) => {
    ended = signal === null ? `exit code ${String(code)}` : String(signal);
    forgetProcess(runDirectory, pid);
  });
  child.unref();
  return {
    name: command.name,
    pid,
    ended: () => ended,
    kill: async () => {
      killGroup(pid);
      await exit;
    },
    logTail: () => readFileSync(logPath, 'utf8').slice(-2000),
  };
}

/** Runs a command to its end; rejects with its output when it fails. */
export function runCommand(runDirectory: string, command: Omit<Command, 'name'>): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      env: serviceEnvironment(runDirectory, command.env),
      timeout: 60_000,
      killSignal: 'SIGKILL',
    } as const;
    execFile(command.file, command.args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new Error(`${command.file} ${command.args.join(' ')} failed: ${stderr.slice(-2000) || error.message}`));
    });
  });
}

/** Polls until the check passes; rejects with the log when the service ends first or the time is up. */
export async function waitUntilReady(
  service: ServiceProcess,
  check: () => Promise<boolean>,
  msMax = 60_000,
): Promise<void> {
  const deadline = Date.now() + msMax;
  for (;;) {
    if (service.ended() !== undefined)
      throw new Error(`${service.name} ended while it started (${service.ended()}):\n${service.logTail()}`);
    if (await check()) return;
    if (Date.now() > deadline)
      throw new Error(`${service.name} was not ready after ${msMax} ms:\n${service.logTail()}`);
    await sleep(50);
  }
}

/** Whether the URL answers, whatever the status. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function serviceEnvironment(runDirectory: string, extra: Record<string, string> = {}): Record<string, string> {
  // Only what services need: a CEPH_ARGS or JAVA_TOOL_OPTIONS of the caller's would change them.
  return { PATH: process.env.PATH ?? '', HOME: runDirectory, LC_ALL: 'C.UTF-8', [MARKER]: runDirectory, ...extra };
}
