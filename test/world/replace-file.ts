import { renameSync, writeFileSync } from 'node:fs';

/** Gives the file this text in one step: a program that reads it meanwhile sees the old text or the new, whole. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
