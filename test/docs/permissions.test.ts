import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documents, root } from './documents.ts';

const text = documents.map((document) => document.text).join('\n');
/** What talks to AWS, but for the list of all operations whose errors may quote items. */
const sources = globSync('src/{dynamodb,s3,conflict,staging,stages,migration}/**/*.ts', { cwd: root }).filter(
  (path) => path !== 'src/dynamodb/client.ts',
);
const code = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');

/** Asked for by S3's and DynamoDB's documentation beside the action of the operation itself. */
const IMPLIED = new Map([
  ['dynamodb:TagResource', 'CreateTable'],
  ['s3:PutObjectAcl', 'x-amz-acl'],
]);

const documented = [...new Set(Array.from(text.matchAll(/\b(?:dynamodb|s3):[A-Z]\w+/g), ([action]) => action))];

test.each(documented)('%s, which the documents ask for, is used', (action) => {
  const name = IMPLIED.get(action) ?? action.slice(action.indexOf(':') + 1);
  expect(code).toContain(`'${name}'`);
});

/** Elements of answers, whose names begin as those of operations do. */
const ELEMENTS = /(?:Result|Set|Count|^Tag|^Tagging)$/;
const used = new Set(
  Array.from(
    code.matchAll(
      /'((?:Describe|List|Get|Put|Batch|Update|Create|Delete|Scan|Query|Abort|Tag|Restore|Head)[A-Za-z]*)'/g,
    ),
    ([, name]) => name,
  ).filter((name) => !ELEMENTS.test(name)),
);

test('the code names operations', () => expect(used.size).toBeGreaterThan(20));

test.each([...used])('%s, which the code asks for, is in the documents', (name) => {
  expect(text).toMatch(new RegExp(`\\b${name}\\b`));
});
