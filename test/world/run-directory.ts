import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'dynaferry-world-';

/** Set in every service's environment to its run directory, so that a process id in a left-over pid file is never mistaken. */
export const MARKER = 'DYNAFERRY_WORLD';

/**
 * The temporary folder of one test run: data, logs and the pid file of every service. A guard process holds the other end of a pipe
 * to the process that opened it; when that one ends, in whatever way, the guard kills all services and removes the folder.
 */
export interface RunDirectory {
  path: string;
  /** Kills all services and removes the folder. */
  close(): Promise<void>;
}

/** Opens a run directory, after clearing what crashed runs left behind. */
export function openRunDirectory(): RunDirectory {
  removeLeftovers();
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  mkdirSync(join(path, 'pids'));
  writeFileSync(join(path, 'owner'), String(process.pid));
  const guard = startGuard(path);
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        guard.ref();
        guard.once('exit', () => resolve());
        guard.stdin?.end();
      }),
  };
}

/**
 * Each service leads its own process group, so that what it started goes with it. The folder of pid files is moved away first: from then on
 * nothing can be launched any more that the loop would miss.
 */
const GUARD = `
read -r _
mv "$1/pids" "$1/ending"
for file in "$1"/ending/*; do kill -s KILL -- "-\${file##*/}" 2>/dev/null; done
for try in 1 2 3 4 5; do rm -rf "$1" 2>/dev/null && break; sleep 0.2; done
`;

function startGuard(path: string): ChildProcess {
  // In a session of its own, or Ctrl-C at the terminal would end the guard first.
  const guard = spawn('sh', ['-c', GUARD, 'guard', path], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  return guard;
}

/** Only where the guard died too: the machine stopped, or somebody killed it. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const owner = read(join(path, 'owner'));
    if (owner === undefined || isAlive(Number(owner))) continue;
    for (const pid of listFolder(join(path, 'pids'))) {
      if (read(`/proc/${pid}/environ`)?.includes(`${MARKER}=${path}`)) killGroup(Number(pid));
    }
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * The shell command that becomes the program after writing its pid file, so that there is no moment in which a crash of ours would orphan it.
 * It is to be spawned as the leader of a process group.
 */
export function guarded(runDirectory: string, file: string, args: readonly string[]): [file: string, args: string[]] {
  return ['sh', ['-c', 'echo > "$0/pids/$$" && exec "$@"', runDirectory, file, ...args]];
}

/** To be called when the program has ended: its id may soon be another's. */
export function forgetProcess(runDirectory: string, pid: number): void {
  rmSync(join(runDirectory, 'pids', String(pid)), { force: true });
}

/** Kills the process group that the process leads; a group that is gone already is fine. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
