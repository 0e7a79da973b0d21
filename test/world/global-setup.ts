import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openRunDirectory } from './run-directory.ts';
import { startWorldServer } from './world-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where to ask for services. */
    worldUrl: string;
    /** Where services that a test starts for itself keep data, logs and pid files. */
    runDirectory: string;
  }
}

/** Starts no service yet: see WorldServer. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runDirectory = openRunDirectory();
  // Workers and what they start inherit it: what a test makes in the system's temporary folder goes away with the run, however a test or a program ends.
  const temporary = join(runDirectory.path, 'tmp');
  mkdirSync(temporary);
  process.env['TMPDIR'] = temporary;
  const server = await startWorldServer(runDirectory.path);
  project.provide('worldUrl', server.url);
  project.provide('runDirectory', runDirectory.path);
  return async () => {
    server.close();
    await runDirectory.close();
  };
}
