import { readFile } from 'node:fs/promises';
import { kindOfFile } from '../../copy/file/parse.ts';
import { openCopy } from '../../copy/copy.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { Session } from '../session.ts';
import { copyStatusText } from '../text/copy-status-text.ts';
import { copyRequest } from './plan-from.ts';

/** Whether the file describes a copy. What cannot be read is told of by whoever reads it in earnest. */
export async function isCopy(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return kindOfFile(text) === 'transfer';
}

/** Tells where the copy stands that a file or two URIs name. */
export async function copyStands(
  session: Session,
  args: readonly string[],
  tell: (json: object, text: string) => void,
): Promise<void> {
  const [source, target, more] = args;
  if (more !== undefined)
    throw new DynaferryError('USAGE', 'a copy is named by two URIs, and more are given', {
      fix: 'Ask for one copy at a time.',
    });
  // Nothing is contacted, so any region does where none is known.
  const { plan, stateDir } = await copyRequest(
    source,
    target,
    target === undefined ? {} : { sourceRegion: 'us-east-1', targetRegion: 'us-east-1' },
  );
  const copy = openCopy(plan, { stateDir: session.stateDir ?? stateDir });
  const stand = copy.status();
  tell({ type: 'copy-status', ...stand }, copyStatusText(stand, session.colors));
}
