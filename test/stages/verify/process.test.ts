import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { Report } from './large-verify.ts';
import { newFolder } from './setup.ts';

const program = join(import.meta.dirname, 'large-verify.ts');

/** Runs the program to its end, or to the page of a pass where it is killed. */
async function run(
  items: number,
  differing: 'all' | 'some',
  folder: string,
  killAt?: string,
): Promise<Report | 'killed'> {
  const args = [program, String(items), differing, folder, ...(killAt === undefined ? [] : [killAt])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const output = await text(child.stdout);
  const [code, signal] = (await exit) as [number | null, string | null];
  if (signal === 'SIGKILL') return 'killed';
  if (code !== 0) throw new Error('the program failed');
  return JSON.parse(output) as Report;
}

test('memory does not grow with the tables, however many items differ', async () => {
  const small = (await run(100_000, 'all', newFolder())) as Report;
  expect(small).toMatchObject({ equal: 0, missing: 100_000 });
  const large = (await run(1_000_000, 'all', newFolder())) as Report;
  expect(large).toMatchObject({ equal: 0, missing: 1_000_000, listed: 10_000 });
  // Kept in memory, 900,000 more keys with their digests would take several times as much.
  expect(large.peakBytes - small.peakBytes).toBeLessThan(150e6);
});

test('a verification that is killed goes on and finds the same', async () => {
  const folder = newFolder();
  // 64 pages on both sides in each pass; each process counts them from 1.
  for (const killAt of ['digests 1', 'digests 20', 'digests 20', 'keys 1', 'keys 20', 'keys 15'])
    expect(await run(64_000, 'some', folder, killAt), killAt).toBe('killed');
  expect(await run(64_000, 'some', folder)).toMatchObject({ equal: 63_936, missing: 0, extra: 0, different: 64 });
});
