import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DynaferryError } from '../model/errors.ts';
import type { AttributeValue } from './filter/attribute-value.ts';

/**
 * A user's own rule: takes a value in DynamoDB JSON and gives the one to put in its place, or undefined to drop the attribute. It must be
 * synchronous. When it throws, the item is refused.
 */
export type UserFunction = (value: AttributeValue, context: { attribute: string }) => AttributeValue | undefined;

/** A user's function and what its file held when it was loaded. */
export interface LoadedFunction {
  call: UserFunction;
  /** SHA-256 of the file in hex; goes into the policy's hash. Files that it imports are not covered. */
  sha256: string;
}

/** Loads the function that `file` exports under the name `exported`. */
export type LoadFunction = (file: string, exported: string) => Promise<LoadedFunction>;

/** Loads functions from JavaScript and TypeScript files; paths count from `folder`, the one that migration.yaml lies in. Throws POLICY_INVALID. */
export function functionsFrom(folder: string): LoadFunction {
  return async (file, exported) => {
    const path = resolve(folder, file);
    const sha256 = createHash('sha256')
      .update(await readSource(path))
      .digest('hex');
    // The content's hash in the address makes sure that what is imported is what was hashed, however long this process has lived.
    const module = await importModule(`${pathToFileURL(path).href}?sha256=${sha256}`, path);
    const call = module[exported];
    if (typeof call !== 'function')
      throw new DynaferryError('POLICY_INVALID', `${path} does not export a function '${exported}'`, {
        fix: 'Export it, or name the right one with `export`.',
      });
    return { call: call as UserFunction, sha256 };
  };
}

async function readSource(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new DynaferryError('POLICY_INVALID', `the function file ${path} cannot be read`, {
      fix: 'Check the path; it counts from the folder of migration.yaml.',
      cause: error,
    });
  }
}

async function importModule(url: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const typescript = /\.[cm]?ts$/.test(extname(path));
    throw new DynaferryError('POLICY_INVALID', `the function file ${path} cannot be loaded: ${describe(error)}`, {
      fix: typescript
        ? 'Node runs TypeScript from 22.18 on, if it needs no more than its types removed; otherwise give a JavaScript file.'
        : 'Run it with node to see the error.',
      cause: error,
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
}
