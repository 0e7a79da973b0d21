import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newFolder } from './home.ts';
import { replaceFile } from './replace-file.ts';

test('who has the file open reads the old text to its end, who opens it then reads the new one', () => {
  const folder = newFolder();
  const path = join(folder, 'migration.yaml');
  replaceFile(path, 'the old text');
  const opened = openSync(path, 'r');
  replaceFile(path, 'new');
  expect(readFileSync(opened, 'utf8')).toBe('the old text');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(readdirSync(folder)).toEqual(['migration.yaml']);
  closeSync(opened);
});
