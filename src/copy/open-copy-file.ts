import { dirname, join, resolve } from 'node:path';
import { openCopy, type Copy, type CopyOptions } from './copy.ts';
import { readTransferFile, type TransferFileOptions } from './file/parse.ts';

/** Opens the copy that a transfer.yaml describes; its state is kept in `.dynaferry` beside the file unless told. Nothing is contacted yet. Throws CONFIG_INVALID. */
export async function openCopyFile(path: string, options: CopyOptions & TransferFileOptions = {}): Promise<Copy> {
  const plan = await readTransferFile(path, options);
  return openCopy(plan, { stateDir: join(dirname(resolve(path)), '.dynaferry'), ...options });
}
