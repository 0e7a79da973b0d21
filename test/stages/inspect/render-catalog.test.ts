import { describe, expect, test } from 'vitest';
import { renderCatalog } from '../../../src/stages/inspect/render-catalog.ts';
import { displayWidth } from '../../../src/stages/inspect/text-table.ts';
import { fullCatalog } from './full-catalog.ts';

describe('the catalog on a terminal', () => {
  test('is this', () => {
    expect(renderCatalog(fullCatalog)).toMatchInlineSnapshot(`
      "Table users in us-west-2
      Sample: 1,000 items from 64 of 64 segments, 585.9 KB of JSON, 76 read units (eventually consistent reads)

        key                     PK (S), SK (N)
        billing                 provisioned, 1,000 read and 50 write units
        table class             STANDARD
        TTL                     on, by expires
        stream                  NEW_AND_OLD_IMAGES
        point-in-time recovery  unknown
        encryption              KMS arn:aws:kms:us-west-2:1:key/k
        deletion protection     on
        tags                    team=users
        as described            1,234,567 items, 476.8 MB (DynamoDB updates this about every six hours)
        item size               min 100 bytes, mean 406 bytes, max 390.6 KB; 1 near the limit of 400 KB
        largest items           390.6 KB (PK=a, SK=1), 300 bytes
        cost of a full read     about 61,111 read units, 122,221 with consistent reads
        cost of writing all     about 1,300,000 write units, indexes not counted

      Indexes
        index       kind    key          projection  items
        by-country  global  country (S)  email         900

      Attributes of the sample
        path                    types               items  share  bytes min  mean  max  empty  null  examples
        PK                      S                   1,000   100%         36    36   36     0%    0%  a | b
        address.city            S 99.9%, NULL 0.1%    900  90.0%          0     8   40  10.0%  0.1%
        sessions.*.…long_name_  N                       1  <0.1%          1     2   21     0%    0%

      Findings
        warning MIXED_TYPES: Values of several types are at: amount (S, N), and this goes on for so long that it
          has to be broken at a space.
          Do something about it.
      "
    `);
  });

  test('keeps within 120 columns, also with long and wide names', () => {
    const [path] = fullCatalog.paths;
    const paths = ['x'.repeat(300), '名'.repeat(300), 'a b '.repeat(100)].map((text) => ({ ...path, path: text }));
    const lines = renderCatalog({ ...fullCatalog, paths }).split('\n');
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(120);
  });

  test('lets no attribute name, tag or example steer the terminal', () => {
    const evil = '\u001b[2J\u0007\u202e\r\n';
    const [path] = fullCatalog.paths;
    const text = renderCatalog({
      ...fullCatalog,
      table: { ...fullCatalog.table, tags: [{ key: evil, value: evil }] },
      paths: [{ ...path, path: evil, examples: [evil] }],
      findings: [{ severity: 'note', code: 'X', message: evil, fix: evil }],
    });
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
  });

  test('says what could not be known, and what a full scan is', () => {
    const text = renderCatalog({
      ...fullCatalog,
      table: { ...fullCatalog.table, ttl: 'unknown', tags: 'unknown', indexes: [] },
      coverage: { ...fullCatalog.coverage, kind: 'full', consistentRead: true },
      paths: [],
      findings: [],
    });
    expect(text).toContain('Full scan: all 1,000 items');
    expect(text).toMatch(/TTL +unknown/);
    expect(text).toMatch(/Indexes: none[^]*Attributes: none[^]*Findings: none/);
  });
});
