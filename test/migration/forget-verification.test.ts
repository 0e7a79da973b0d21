import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lock } from '../../src/engine/lock.ts';
import { forgetVerification } from '../../src/migration/verify-stage.ts';
import { VerifyFiles } from '../../src/stages/verify/verify-files.ts';
import type { Workspace } from '../../src/migration/workspace.ts';
import { newFolder } from '../world/home.ts';

const HOLDS = new URL('./holds-lock.ts', import.meta.url);

/** What a verification has read so far, and a workspace whose state it is. */
function begun(): { workspace: Workspace; progress: string } {
  const stateFolder = newFolder();
  mkdirSync(join(stateFolder, 'verify'));
  const progress = new VerifyFiles(join(stateFolder, 'verify')).digests('source');
  writeFileSync(progress, 'read so far');
  return { workspace: { stateFolder } as Workspace, progress };
}

describe('what a verification has read', () => {
  it('is forgotten where the target is about to be written', () => {
    const { workspace, progress } = begun();
    forgetVerification(workspace);
    expect(existsSync(progress)).toBe(false);
  });

  it('is forgotten by a cutover, which holds the lock itself', () => {
    const { workspace, progress } = begun();
    const lock = Lock.take(workspace.stateFolder, 'verify', 'verify');
    forgetVerification(workspace);
    lock.release();
    expect(existsSync(progress)).toBe(false);
  });

  it('is left to a verification that another process runs', async () => {
    const { workspace, progress } = begun();
    const other = fork(HOLDS, [workspace.stateFolder]);
    await once(other, 'message');
    forgetVerification(workspace);
    expect(existsSync(progress)).toBe(true);
    other.disconnect();
    await once(other, 'exit');
    forgetVerification(workspace);
    expect(existsSync(progress)).toBe(false);
  });
});
