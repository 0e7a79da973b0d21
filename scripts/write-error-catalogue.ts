import { readFileSync, writeFileSync } from 'node:fs';
import { errorCatalogue } from '../src/model/error-catalogue.ts';
import { exitCodes } from '../src/model/exit-codes.ts';

const FILE = 'docs/errors.md';

/** docs/errors.md, generated from the definitions in the code. */
export function errorCatalogueText(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const exits = Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  const errors = Object.entries(errorCatalogue)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { exit, retry, meaning, fix }]) =>
        `| \`${code}\` | ${exit} | ${retryText[retry]} | ${cell(meaning)} | ${cell(fix)} |`,
    );
  return [
    '# Errors and exit codes',
    '',
    'Generated from `src/model/exit-codes.ts` and `src/model/error-catalogue.ts` by `npm run docs`; the lint step sees to it that they agree. With `--json` the last line holds `code`, `message` and `fix`.',
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '| --- | --- |',
    ...exits,
    '',
    '## Errors',
    '',
    '| error | exit code | try again? | what it means | what to do |',
    '| --- | --- | --- | --- | --- |',
    ...errors,
    '',
  ].join('\n');
}

const retryText = { no: 'no', yes: 'yes', throttle: 'yes, slower' } as const;

if (process.argv.includes('--check')) {
  if (readFileSync(FILE, 'utf8') !== errorCatalogueText()) {
    console.error(`${FILE} is not what the code says; run npm run docs`);
    process.exit(1);
  }
} else writeFileSync(FILE, errorCatalogueText());
