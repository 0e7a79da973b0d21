import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DynaferryError } from '../model/errors.ts';

/** Gives the bytes of the key that a policy names as `env:NAME` or `file:PATH`. */
export type ReadKey = (reference: string) => Promise<Buffer>;

/**
 * Reads keys from `env` and from files; paths count from `folder`, the one that migration.yaml lies in.
 * A key is the text or the bytes as they stand, without decoding; the line break that editors leave at the end of a file is not part of it.
 * The returned function throws POLICY_INVALID where there is no such variable or file.
 */
export function keysFrom(env: Readonly<Record<string, string | undefined>>, folder: string): ReadKey {
  return async (reference) => {
    if (reference.startsWith('env:')) return fromEnvironment(env, reference);
    if (reference.startsWith('file:')) return fromFile(folder, reference);
    throw new DynaferryError('POLICY_INVALID', 'a key is neither env:NAME nor file:PATH', {
      fix: 'Put the key into a variable or a file; a policy never holds a key itself.',
    });
  };
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>, reference: string): Buffer {
  const value = env[reference.slice('env:'.length)];
  if (value === undefined || value === '')
    throw new DynaferryError('POLICY_INVALID', `there is no key in ${reference}`, {
      fix: `Set the environment variable ${reference.slice('env:'.length)}.`,
    });
  return Buffer.from(value, 'utf8');
}

async function fromFile(folder: string, reference: string): Promise<Buffer> {
  const path = resolve(folder, reference.slice('file:'.length));
  try {
    const bytes = await readFile(path);
    let end = bytes.length;
    if (bytes[end - 1] === 0x0a) end--;
    if (bytes[end - 1] === 0x0d) end--;
    return bytes.subarray(0, end);
  } catch (error) {
    throw new DynaferryError('POLICY_INVALID', `the key file ${path} cannot be read`, {
      fix: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
