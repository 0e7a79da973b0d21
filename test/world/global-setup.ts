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
  const server = await startWorldServer(runDirectory.path);
  project.provide('worldUrl', server.url);
  project.provide('runDirectory', runDirectory.path);
  return async () => {
    server.close();
    await runDirectory.close();
  };
}
