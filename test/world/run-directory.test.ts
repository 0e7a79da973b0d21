import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';

const node = resolve('node_modules/.bin/node');
const module_ = (name: string): string => JSON.stringify(join(import.meta.dirname, name));

/** A run with one service, that prints its folder and the service's process id, and waits. */
const run = `
  import { openRunDirectory } from ${module_('run-directory.ts')};
  import { startService } from ${module_('service-process.ts')};
  const { path } = openRunDirectory();
  const { pid } = startService(path, { name: 'sleeper', file: 'sleep', args: ['1000'] });
  console.log(JSON.stringify({ path, pid }));
  setInterval(() => {}, 1000);
`;

/** Whether the process exists and is no zombie that nobody has waited for. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  'a run ended by %s leaves no service and no folder',
  async (signal) => {
    const child = spawn(node, ['--input-type=module', '-e', run], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { path, pid } = JSON.parse(line) as { path: string; pid: number };
    expect(isRunning(pid)).toBe(true);
    child.kill(signal);
    await vi.waitUntil(() => !isRunning(pid) && !existsSync(path), { timeout: 20_000 });
  },
);
