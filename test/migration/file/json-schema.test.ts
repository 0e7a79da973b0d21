import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { describe, expect, test } from 'vitest';
import { writeSchema } from '../../../scripts/write-schema.ts';
import { migrationJsonSchema } from '../../../src/migration/file/json-schema.ts';
import { parseMigrationFile } from '../../../src/migration/file/parse.ts';
import { changed, example, minimal } from './examples.ts';
import { matches, schemaKeys, type SchemaNode } from './json-schema-reader.ts';

const document = readFileSync(join(import.meta.dirname, '../../../docs/formats/migration-file.md'), 'utf8');
const documented = /```yaml\n([^]*?)```/.exec(document)![1];
/** As an editor gets it. */
const schema = JSON.parse(JSON.stringify(migrationJsonSchema())) as SchemaNode;

describe('the JSON Schema', () => {
  test.each([
    ['of the docs', documented],
    ['of the project', example],
    ['with nothing but the required', minimal],
  ])('takes the example %s, as dynaferry does', (_, text) => {
    expect(matches(schema, parseYaml(text))).toBe(true);
    expect(() => parseMigrationFile(text, 'm.yaml')).not.toThrow();
  });

  test.each([
    ['version: 1', 'version: 2'],
    ['region: us-west-2', 'regoin: us-west-2'],
    ['region: us-west-2', 'region: us'],
    ['unlisted: keep', 'unlisted: some'],
    ['50%', 'half'],
    ['200 Mbit/s', '200 Mbps'],
    ['mode: overwrite', 'mode: replace'],
    ['name: users-to-china\n', ''],
    ['  table: user-us ', '  #'],
  ])('refuses %j as %j, as dynaferry does', (part, by) => {
    const text = changed(example, part, by);
    expect(matches(schema, parseYaml(text))).toBe(false);
    expect(() => parseMigrationFile(text, 'm.yaml')).toThrow();
  });

  test('is written as the file that the package exports', () => {
    const folder = mkdtempSync(join(tmpdir(), 'schema-'));
    try {
      writeSchema(join(folder, 'schema.json'), migrationJsonSchema());
      expect(JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8'))).toEqual(schema);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('describes every key', () => {
    expect(schemaKeys(schema).filter(({ node }) => node.description === undefined)).toEqual([]);
  });
});

test('docs/formats/migration-file.md describes every key', () => {
  const paths = [...new Set(schemaKeys(schema).map(({ path }) => path.replace('policy.attributes.*.', '')))];
  expect(paths).toEqual(expect.arrayContaining(['load.mode.newer.by', 'mask.keepFirst']));
  expect(paths.filter((path) => !document.includes(`| \`${path}\``) && !document.includes(`, \`${path}\` |`))).toEqual(
    [],
  );
});
