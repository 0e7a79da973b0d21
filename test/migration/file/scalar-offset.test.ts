import { expect, test } from 'vitest';
import { parseMigrationFile } from '../../../src/migration/file/parse.ts';
import { offsetInFile } from '../../../src/settings/scalar-offset.ts';
import { YamlFile } from '../../../src/settings/yaml-file.ts';
import { changed, example } from './examples.ts';

const FILTER = "country = 'It''s 中国' AND tags[0] = \"a\\b\"";

/** Ways to write one and the same filter; the value is as FILTER up to white space. */
const forms: [string, string][] = [
  ['plain', FILTER],
  ['plain over lines', "country = 'It''s 中国'\n    AND tags[0]\n\n    = \"a\\b\""],
  ['single-quoted', `'${FILTER.replaceAll("'", "''")}'`],
  ['single-quoted over lines', `'${FILTER.replaceAll("'", "''").replace(' AND ', '\n     AND ')}'`],
  ['double-quoted', JSON.stringify(FILTER)],
  ['double-quoted with escapes', JSON.stringify(FILTER).replace('中', '\\u4e2d').replace('AND', '\\x41ND')],
  ['double-quoted with an escaped line end', JSON.stringify(FILTER).replace(' AND', ' \\\n    AND')],
  ['literal block', `|\n    ${FILTER.replace(' AND ', '\n      AND ')}`],
  ['folded block', `>-\n    ${FILTER.replace(' AND ', '\n    AND ')}`],
  ['block with Windows line ends', `|\r\n    ${FILTER.replace(' AND ', '\r\n    AND ')}`],
];

test.each(forms)('every word of a %s filter is found in the file', (_, written) => {
  const file = new YamlFile(`a: 1\npolicy:\n  filter: ${written}\nb: 2\n`, 'm.yaml');
  const value = (file.document.toJS() as { policy: { filter: string } }).policy.filter;
  expect(value.replace(/\s+/g, ' ').trim()).toBe(FILTER);
  for (const word of ['country', "'It", '国', 'AND', 'tags', '[0]', '= "']) {
    const at = offsetInFile(file, ['policy', 'filter'], value.indexOf(word));
    const there = file.text
      .slice(at, at + 12)
      .replace('\\x41', 'A')
      .replace('\\"', '"')
      .replace("''It", "'It");
    expect(there.slice(0, word.length)).toBe(word);
  }
});

test('the end of a filter is found too', () => {
  const file = new YamlFile('policy: { filter: "a = " }', 'm.yaml');
  expect(file.text.slice(0, offsetInFile(file, ['policy', 'filter'], 4))).toBe('policy: { filter: "a = ');
});

test("an error within the filter points into the file's text", () => {
  const text = changed(
    example,
    "filter: country = 'China'",
    "filter: >-\n    country = 'China' AND\n    attribute_exist(email)",
  );
  let error: unknown;
  try {
    parseMigrationFile(text, 'm.yaml');
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'POLICY_INVALID' });
  expect(`\n${(error as Error).message}\n`).toMatchInlineSnapshot(`
    "
    m.yaml:17:5: policy.filter: there is no function 'attribute_exist'; write 'attribute_exists'
      17 |     attribute_exist(email)
         |     ^
    "
  `);
});
