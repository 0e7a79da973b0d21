import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import * as examples from './library-examples.ts';
import { blocks, documents } from './documents.ts';

const checked = readFileSync(join(import.meta.dirname, 'library-examples.ts'), 'utf8');
const shown = blocks.filter(({ language, text }) => language === 'ts' && text.includes("from 'dynaferry'"));

test.each(shown.filter(({ where }) => where.startsWith('docs/library.md')))(
  'the example at $where is one that is compiled',
  ({ text }) => {
    expect(checked).toContain(text.replace(/^import .*\n\n/, ''));
  },
);

test('every example that is compiled is shown', () => {
  const all = shown.map(({ text }) => text).join('');
  expect(Object.keys(examples).filter((name) => !all.includes(`function ${name}(`))).toEqual([]);
});

test.each(shown)('what is imported at $where is there', ({ text }) => {
  const names = /import \{ (.*) \} from 'dynaferry'/.exec(text)![1].split(', ');
  expect(names.filter((name) => !name.startsWith('type ') && !(name in library))).toEqual([]);
});

test('docs/library.md names every command as a method of a migration', () => {
  const { text } = documents.find(({ path }) => path === 'docs/library.md')!;
  const methods = Object.getOwnPropertyNames(library.Migration.prototype).filter(
    (name) => !['constructor', 'stateFolder', 'failure', 'close'].includes(name),
  );
  expect(methods.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
