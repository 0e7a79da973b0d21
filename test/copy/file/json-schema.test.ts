import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { describe, expect, test } from 'vitest';
import { transferJsonSchema } from '../../../src/copy/file/json-schema.ts';
import { parseTransferFile } from '../../../src/copy/file/parse.ts';
import { changed } from '../../migration/file/examples.ts';
import { matches, schemaKeys, type SchemaNode } from '../../migration/file/json-schema-reader.ts';
import { example, minimal } from './examples.ts';

const document = readFileSync(join(import.meta.dirname, '../../../docs/formats/transfer-file.md'), 'utf8');
const documented = [...document.matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1]);
/** As an editor gets it. */
const schema = JSON.parse(JSON.stringify(transferJsonSchema())) as SchemaNode;
const parse = (text: string): unknown =>
  parseTransferFile(text, 't.yaml', { env: { AWS_REGION: 'us-west-2', HOME: '/nowhere' } });

describe('the JSON Schema of transfer.yaml', () => {
  test.each([
    ['of the docs', documented[0]],
    ['of the docs, the least', documented[1]],
    ['of everything', example],
    ['with nothing but the required', minimal],
  ])('takes the example %s, as dynaferry does', (_, text) => {
    expect(matches(schema, parseYaml(text))).toBe(true);
    expect(() => parse(text)).not.toThrow();
  });

  test.each([
    ['version: 1', 'version: 2'],
    ['url: s3://acme-export-us/exports/', 'url: acme-export-us/exports/'],
    ['profile: global', 'profil: global'],
    ['5m', 'yesterday'],
    ['5 GB', '5 gigabytes'],
    ['compare: etag', 'compare: md5'],
    ['encryption: kms', 'encryption: sse'],
    ['encryption: kms', 'encryption: { key: x }'],
    ['tags: carry', 'tags: 7'],
    ['50 Mbit/s', '50 Mbps'],
    ["'22:00-06:00 Asia/Shanghai'", "'22-06 Asia/Shanghai'"],
    ['connections: 8', 'connections: 0'],
    ['partSize: 50 MiB', 'partSize: 50'],
  ])('refuses %j as %j, as dynaferry does', (part, by) => {
    const text = changed(example, part, by);
    expect(matches(schema, parseYaml(text))).toBe(false);
    expect(() => parse(text)).toThrow();
  });

  test('describes every key', () => {
    expect(schemaKeys(schema).filter(({ node }) => node.description === undefined)).toEqual([]);
  });

  test('has no key that docs/formats/transfer-file.md does not describe', () => {
    const paths = [...new Set(schemaKeys(schema).map(({ path }) => path))];
    expect(paths).toEqual(expect.arrayContaining(['object.encryption.kms', 'limits.connections.max']));
    expect(
      paths.filter((path) => !document.includes(`| \`${path}\``) && !document.includes(`, \`${path}\` |`)),
    ).toEqual([]);
  });
});
