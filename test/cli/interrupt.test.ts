import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startProgram, type ProgramResult } from '../world/program.ts';

/** Sends SIGINT when the program is ready, and once more at the line that it answers with. */
function pressTwice(apartMs: number): Promise<ProgramResult> {
  const running = startProgram(resolve(import.meta.dirname, 'never-ends.ts'), [String(apartMs)], {
    signal: 'SIGINT',
    killWhen: (line) => line === 'ready' || line.startsWith('stopping'),
  });
  return running.done;
}

describe('Ctrl-C', () => {
  it('says the first time what happens, and ends the process at once the second time', async () => {
    const { code, stderr } = await pressTwice(1000);
    expect(stderr).toBe('stopping: saving progress; press Ctrl-C again to quit at once');
    expect(code).toBe(130);
  });
});
