import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { kindOfFile, parseTransferFile } from '../../src/copy/file/parse.ts';
import { parseMigrationFile } from '../../src/migration/file/parse.ts';
import { example } from '../migration/file/examples.ts';
import { blocks } from './documents.ts';

const of = (language: string) => blocks.filter((block) => block.language === language);

test.each(of('yaml'))('the file or section at $where is one that is taken', ({ text }) => {
  if (kindOfFile(text) === 'transfer')
    expect(() =>
      parseTransferFile(text, 't.yaml', { env: { AWS_REGION: 'us-west-2', HOME: '/nowhere' } }),
    ).not.toThrow();
  else expect(() => parseMigrationFile(wholeFile(text), 'm.yaml')).not.toThrow();
});

/** A section is shown alone; the rest of the file is that of the README. */
function wholeFile(text: string): string {
  if (/^version:/m.test(text)) return text;
  return stringify({ ...(parse(example) as object), ...(parse(text) as object) });
}

test.each(of('json'))('what stands at $where is JSON', ({ text }) => {
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});
