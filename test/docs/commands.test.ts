import { expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';
import { blocks, documents, inlineCode } from './documents.ts';

/** What `--help` of the program and of each command prints, examples before it included. */
function helpLines(): string[] {
  let printed = '';
  const program = makeProgram(() => async () => undefined);
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
  return printed.replace(/ \\\n +/g, ' ').split('\n');
}

/** Command lines as a user would copy them: without comments, one of several that are joined. */
const commandLines = [
  ...blocks.flatMap(({ text }) => text.split('\n')),
  ...documents.flatMap(inlineCode),
  ...helpLines().map((line) => line.replace(/^( +dynaferry .*?) {2,}.*$/, '$1')),
]
  .flatMap((line) => line.replace(/\s#.*$/, '').split(' && '))
  .map((line) => line.trim())
  .filter((line) => /^dynaferry [a-z-]/.test(line));

test('the documents have command lines', () => {
  expect(new Set(commandLines).size).toBeGreaterThan(40);
});

test.each([...new Set(commandLines)])('%s', async (line) => {
  const args = Array.from(line.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word).slice(1);
  const program = makeProgram(() => async () => undefined);
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    // The running text names commands and options without what they take.
    expect(String(error)).toMatch(/missing required argument|argument missing/);
  });
});
