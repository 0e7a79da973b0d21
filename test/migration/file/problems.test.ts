import { describe, expect, test } from 'vitest';
import { parseMigrationFile } from '../../../src/migration/file/parse.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { changed, example, minimal } from './examples.ts';

/** The message that a file is refused with. */
function refusal(text: string): string {
  try {
    parseMigrationFile(text, 'm.yaml');
  } catch (error) {
    if (error instanceof DynaferryError && error.code === 'CONFIG_INVALID') return `\n${error.message}\n`;
    throw error;
  }
  throw new Error('the file was taken');
}

/** The example with `part` replaced. */
const bad = (part: string, by: string): string => refusal(changed(example, part, by));
/** The minimal file with lines added to its end. */
const added = (lines: string): string => refusal(`${minimal}${lines}\n`);

describe('values', () => {
  test('of the wrong form', () => {
    expect(bad('region: us-west-2', 'region: us-west')).toMatchInlineSnapshot(`
      "
      m.yaml:4:11: source.region: got "us-west": expected an AWS region such as us-west-2 or cn-north-1
        4 |   region: us-west
          |           ^
      "
    `);
    expect(bad('version: 1', 'version: 2')).toMatchInlineSnapshot(`
      "
      m.yaml:1:10: version: got 2: expected 1
        1 | version: 2
          |          ^
      "
    `);
    expect(bad('name: users-to-china', 'name: users/china')).toMatchInlineSnapshot(`
      "
      m.yaml:2:7: name: got "users/china": expected a name: up to 63 letters, digits, - and _, the first a letter or digit
        2 | name: users/china
          |       ^
      "
    `);
    expect(bad('name: users-to-china', 'name: 7')).toMatchInlineSnapshot(`
      "
      m.yaml:2:7: name: got 7: expected a name: up to 63 letters, digits, - and _, the first a letter or digit
        2 | name: 7
          |       ^
      "
    `);
    expect(bad('table: user-us ', 'table: arn:aws:dynamodb:us-west-2:111122223333:table/user-us '))
      .toMatchInlineSnapshot(`
      "
      m.yaml:6:10: source.table: got "arn:aws:dynamodb:us-west-2:111122223333:table/user-us": expected a table's name (not its ARN): 3 to 255 letters, digits and _ - .
        6 |   table: arn:aws:dynamodb:us-west-2:111122223333:table/user-us                  # or  export: s3://bucket/prefix/AWSDyna…
          |          ^
      "
    `);
    expect(bad('s3://acme-export-us/dynaferry/', 'acme-export-us')).toMatchInlineSnapshot(`
      "
      m.yaml:7:12: source.staging: got "acme-export-us": expected s3://bucket/prefix/; it does not begin with s3://
        7 |   staging: acme-export-us
          |            ^
      "
    `);
    expect(bad('http://127.0.0.1:8000', 'http://127.0.0.1:8000/dynamodb')).toMatchInlineSnapshot(`
      "
      m.yaml:8:25: source.endpoint.dynamodb: got "http://127.0.0.1:8000/dynamodb": expected an http:// or https:// URL of host and port, such as http://127.0.0.1:8000
        8 |   endpoint: { dynamodb: http://127.0.0.1:8000/dynamodb, s3: http://127.0.0.1:7480 }    # emulators, VPC endpoints
          |                         ^
      "
    `);
    expect(bad('profile: china', 'credentials: env:CHINA')).toMatchInlineSnapshot(`
      "
      m.yaml:11:16: target.credentials: got "env:CHINA": expected env:PREFIX_ with an underscore at the end; env:SOURCE_ reads SOURCE_AWS_ACCESS_KEY_ID, SOURCE_AWS_SECRET_ACCESS_KEY and SOURCE_AWS_SESSION_TOKEN
        11 |   credentials: env:CHINA
           |                ^
      "
    `);
    expect(bad('unlisted: keep', 'unlisted: discard')).toMatchInlineSnapshot(`
      "
      m.yaml:21:13: policy.unlisted: got "discard": expected keep, drop or refuse
        21 |   unlisted: discard                  # or drop, or refuse
           |             ^
      "
    `);
    expect(bad('read: 50%', 'read: 150%')).toMatchInlineSnapshot(`
      "
      m.yaml:23:17: limits.read: got "150%": expected a share such as 50% (above 0%, up to 100%) or capacity units a second such as 4000
        23 | limits: { read: 150%, write: 4000, bandwidth: 200 Mbit/s }
           |                 ^
      "
    `);
    expect(bad('write: 4000', 'write: -1')).toMatchInlineSnapshot(`
      "
      m.yaml:23:29: limits.write: got -1: expected a share such as 50% (above 0%, up to 100%) or capacity units a second such as 4000
        23 | limits: { read: 50%, write: -1, bandwidth: 200 Mbit/s }
           |                             ^
      "
    `);
    expect(bad('bandwidth: 200 Mbit/s', 'bandwidth: 200 Mbps')).toMatchInlineSnapshot(`
      "
      m.yaml:23:46: limits.bandwidth: got "200 Mbps": expected a rate such as 200 Mbit/s or 25 MB/s
        23 | limits: { read: 50%, write: 4000, bandwidth: 200 Mbps }
           |                                              ^
      "
    `);
  });

  test('of sections that may be left out', () => {
    expect(added('export: { compression: lz4 }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:24: export.compression: got "lz4": expected zstd or gzip
        12 | export: { compression: lz4 }
           |                        ^
      "
    `);
    expect(added('export: { objectSize: 5 GiB }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:23: export.objectSize: got "5 GiB": expected a size from 16 KiB to 1 GiB such as 32 MiB or 64 MB
        12 | export: { objectSize: 5 GiB }
           |                       ^
      "
    `);
    expect(added('export: { segments: 0 }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:21: export.segments: got 0: expected a whole number from 1 to 1000000
        12 | export: { segments: 0 }
           |                     ^
      "
    `);
    expect(added('export: { segments: 1.5 }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:21: export.segments: got 1.5: expected a whole number from 1 to 1000000
        12 | export: { segments: 1.5 }
           |                     ^
      "
    `);
    expect(added('export: { pushDown: yes }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:21: export.pushDown: got "yes": expected true or false
        12 | export: { pushDown: yes }
           |                     ^
      "
    `);
    expect(added('load: { mode: replace }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:15: load.mode: got "replace": expected overwrite, skip-existing, or { newer: { by: <attribute> } }
        12 | load: { mode: replace }
           |               ^
      "
    `);
    expect(added('load: { mode: { newer: { by: 5 } } }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:30: load.mode.newer.by: got 5: expected an attribute's name
        12 | load: { mode: { newer: { by: 5 } } }
           |                              ^
      "
    `);
    expect(added('load: overwrite')).toMatchInlineSnapshot(`
      "
      m.yaml:12:7: load: got "overwrite": expected a map with mode or concurrency, such as { mode: overwrite }
        12 | load: overwrite
           |       ^
      "
    `);
    expect(added('limits: []')).toMatchInlineSnapshot(`
      "
      m.yaml:12:9: limits: got a list: expected a map with read, write or bandwidth, such as { read: 50%, bandwidth: 200 Mbit/s }
        12 | limits: []
           |         ^
      "
    `);
  });

  test('that are missing or empty', () => {
    expect(bad('  region: us-west-2\n', '')).toMatchInlineSnapshot(`
      "
      m.yaml:3:1: source.region: missing: expected an AWS region such as us-west-2 or cn-north-1
        3 | source:
          | ^
      "
    `);
    expect(bad('  table: user_migrated_cn\n', '  table:\n')).toMatchInlineSnapshot(`
      "
      m.yaml:12:3: target.table: got nothing: expected a table's name (not its ARN): 3 to 255 letters, digits and _ - .
        12 |   table:
           |   ^
      "
    `);
    expect(refusal(minimal.replace('policy: {}\n', ''))).toMatchInlineSnapshot(`
      "
      m.yaml:1:1: policy: missing: expected a map with filter, attributes or unlisted; {} lets everything pass as it is
        1 | version: 1
          | ^
      "
    `);
    expect(refusal('')).toMatchInlineSnapshot(`
      "
      m.yaml:1:1: got nothing: expected a map with version, name, source, target and policy
        1 | 
          | ^
      "
    `);
    expect(refusal('just text')).toMatchInlineSnapshot(`
      "
      m.yaml:1:1: got "just text": expected a map with version, name, source, target and policy
        1 | just text
          | ^
      "
    `);
  });
});

describe('keys', () => {
  test('that are misspelt are named, and not said to be missing besides', () => {
    expect(bad('region: us-west-2', 'regoin: us-west-2')).toMatchInlineSnapshot(`
      "
      m.yaml:4:3: source.regoin: unknown key; did you mean region? the keys here are region, profile, credentials, role, staging, endpoint, table, export, consistentRead
        4 |   regoin: us-west-2
          |   ^
      "
    `);
  });
  test('that nothing is like', () => {
    expect(added('speed: 11')).toMatchInlineSnapshot(`
      "
      m.yaml:12:1: speed: unknown key; the keys here are version, name, source, target, policy, export, load, replicate, limits
        12 | speed: 11
           | ^
      "
    `);
  });
  test('that belong elsewhere', () => {
    expect(added('load: { newer: { by: last_update_timestamp } }')).toMatchInlineSnapshot(`
      "
      m.yaml:12:9: load.newer: unknown key; newer is a mode: write { mode: { newer: { by: <attribute> } } }
        12 | load: { newer: { by: last_update_timestamp } }
           |         ^
      "
    `);
  });
  test('that exclude each other', () => {
    expect(bad('  profile: china\n', '  profile: china\n  credentials: env:CHINA_\n')).toMatchInlineSnapshot(`
      "
      m.yaml:12:16: target.credentials: credentials come from one place: remove profile or credentials
        12 |   credentials: env:CHINA_
           |                ^
      "
    `);
    expect(refusal(changed(minimal, 'table: users\n', 'table: users\n  export: s3://bucket/AWSDynamoDB/1/\n')))
      .toMatchInlineSnapshot(`
      "
      m.yaml:6:11: source.export: a table and an export are both given; remove one of the two
        6 |   export: s3://bucket/AWSDynamoDB/1/
          |           ^
      "
    `);
    expect(refusal(changed(minimal, '  table: users\n', ''))).toMatchInlineSnapshot(`
      "
      m.yaml:3:1: source: neither table nor export is given; add table: <name>
        3 | source:
          | ^
      "
    `);
    expect(
      refusal(
        `${changed(minimal, 'table: users\n', 'export: s3://bucket/AWSDynamoDB/1/\n  consistentRead: true\n')}limits: { read: 5 }\nexport: { segments: 2, pushDown: true }\n`,
      ),
    ).toMatchInlineSnapshot(`
      "
      m.yaml:6:19: source.consistentRead: has no effect where an export is read instead of a table; remove it
        6 |   consistentRead: true
          |                   ^
      m.yaml:13:17: limits.read: has no effect where an export is read instead of a table; remove it
        13 | limits: { read: 5 }
           |                 ^
      m.yaml:14:21: export.segments: has no effect where an export is read instead of a table; remove it
        14 | export: { segments: 2, pushDown: true }
           |                     ^
      m.yaml:14:34: export.pushDown: has no effect where an export is read instead of a table; remove it
        14 | export: { segments: 2, pushDown: true }
           |                                  ^
      "
    `);
  });
});

test('rules are checked in the form that was meant', () => {
  const rule = (written: string): string => bad('sex: drop', `sex: ${written}`).split('\n')[1];
  const refusals = [
    'drpo',
    '{ mask: emial }',
    '{ mask: { keepFrist: 2 } }',
    '{ msak: email }',
    '{ hash: env:KEY }',
  ].map(rule);
  expect(refusals.join('\n')).toMatchInlineSnapshot(`
    "m.yaml:19:10: policy.attributes.sex: got "drpo": expected keep, drop, or a rule such as { mask: email }
    m.yaml:19:18: policy.attributes.sex.mask: got "emial": expected email, phone, { keepFirst, keepLast, with } or { pattern, with }
    m.yaml:19:20: policy.attributes.sex.mask.keepFrist: unknown key; did you mean keepFirst? the keys here are keepFirst, keepLast, pattern, with
    m.yaml:19:12: policy.attributes.sex.msak: unknown key; did you mean mask? the keys here are set, mask, hash, tokenize, truncate, generalise, encrypt, function, rename
    m.yaml:19:18: policy.attributes.sex.hash: got "env:KEY": expected a map with key"
  `);
  const more = [
    '',
    '[drop]',
    '{ mask: email, rename: "" }',
    '{ mask: email, set: x }',
    '{ truncate: { to: weak } }',
    '{ set: [1] }',
  ].map(rule);
  expect(more.join('\n')).toMatchInlineSnapshot(`
    "m.yaml:19:5: policy.attributes.sex: got nothing: expected keep, drop, or a rule such as { mask: email }
    m.yaml:19:10: policy.attributes.sex: got a list: expected keep, drop, or a rule such as { mask: email }
    m.yaml:19:33: policy.attributes.sex.rename: got "": expected text that is not empty
    m.yaml:19:18: policy.attributes.sex.mask: got "email": expected one of set, mask, hash, tokenize, truncate, generalise, encrypt, function; only rename goes with another
    m.yaml:19:28: policy.attributes.sex.truncate.to: got "weak": expected year, month or day
    m.yaml:19:17: policy.attributes.sex.set: got a list: this is none of the forms that the key takes"
  `);
});

describe('between settings', () => {
  test('the source table is not taken as the target', () => {
    expect(refusal(changed(minimal, 'users2', 'users'))).toMatchInlineSnapshot(`
      "
      m.yaml:9:10: target.table: this is the source table: same name, region and credentials; name another table
        9 |   table: users
          |          ^
      "
    `);
    const elsewhere = changed(
      changed(minimal, 'users2', 'users'),
      'staging: s3://bucket-b/x',
      'staging: s3://bucket-b/x\n  profile: other',
    );
    expect(parseMigrationFile(elsewhere, 'm.yaml').target.table).toBe('users');
  });
  test('the source staging is not taken as the target staging', () => {
    expect(refusal(changed(minimal, 's3://bucket-b/x', 's3://bucket-a'))).toMatchInlineSnapshot(`
      "
      m.yaml:10:12: target.staging: this is the staging of the source; give the target a bucket or a prefix of its own
        10 |   staging: s3://bucket-a
           |            ^
      "
    `);
    const otherPartition = changed(
      minimal,
      'region: us-west-2\n  table: users2\n  staging: s3://bucket-b/x',
      'region: cn-north-1\n  table: users2\n  staging: s3://bucket-a',
    );
    expect(parseMigrationFile(otherPartition, 'm.yaml').target.staging.bucket).toBe('bucket-a');
  });
  test('a role is of the partition of its region', () => {
    expect(bad('  profile: china\n', '  role: arn:aws:iam::111122223333:role/x\n')).toMatchInlineSnapshot(`
      "
      m.yaml:11:9: target.role: a role of the partition aws cannot be assumed in cn-north-1, which is in aws-cn; name a role arn:aws-cn:iam::…
        11 |   role: arn:aws:iam::111122223333:role/x
           |         ^
      "
    `);
    expect(bad('  profile: global ', '  role: { arn: arn:aws-cn:iam::111122223333:role/x }\n  profile: global '))
      .toMatchInlineSnapshot(`
      "
      m.yaml:5:16: source.role.arn: a role of the partition aws-cn cannot be assumed in us-west-2, which is in aws; name a role arn:aws:iam::…
        5 |   role: { arn: arn:aws-cn:iam::111122223333:role/x }
          |                ^
      "
    `);
  });
});

describe('YAML', () => {
  test('that is broken gives the first fault', () => {
    expect(bad('    sex: drop', '\t\tsex: drop')).toMatchInlineSnapshot(`
      "
      m.yaml:19:1: a tab is used for indentation; use spaces
        19 | 		sex: drop
           | ^
      "
    `);
    expect(bad("country = 'China'", "'country = 'China'")).toMatchInlineSnapshot(`
      "
      m.yaml:15:23: unexpected here; check the indentation, quotes and brackets of this line and the one above
        15 |   filter: 'country = 'China'
           |                       ^
      "
    `);
    expect(bad('{ mask: email }', '{ mask: email')).toMatchInlineSnapshot(`
      "
      m.yaml:19:5: the indentation does not fit the lines above; or is a } or ] missing there?
        19 |     sex: drop
           |     ^
      "
    `);
    expect(bad('region: cn-north-1', 'region: cn-north-1: x')).toMatchInlineSnapshot(`
      "
      m.yaml:10:11: a second \`key:\` on the same line, or a value with \`: \` in it; put the value in quotes, as in '…'
        10 |   region: cn-north-1: x
           |           ^
      "
    `);
  });
  test('with a key given twice', () => {
    expect(bad('    sex: drop\n', '    sex: drop\n    sex: keep\n')).toMatchInlineSnapshot(`
      "
      m.yaml:20:5: this key is already given above; remove one of the two
        20 |     sex: keep
           |     ^
      "
    `);
  });
  test('with more than values', () => {
    expect(bad('name: users-to-china', 'name: !important users')).toMatchInlineSnapshot(`
      "
      m.yaml:2:7: YAML tags (!…) are not supported; remove the tag
        2 | name: !important users
          |       ^
      "
    `);
    expect(refusal(changed(minimal, 'policy: {}', 'policy: &p {}\nload: *p'))).toMatchInlineSnapshot(`
      "
      m.yaml:12:7: load: YAML aliases are not supported; write the value out
        12 | load: *p
           |       ^
      "
    `);
    expect(bad('env:GOVID_KEY', '[*p]')).toContain('YAML aliases are not supported');
    expect(bad('env:GOVID_KEY', '')).toContain('hash.key: got nothing: expected');
    expect(bad('sex: drop', '<<: { sex: drop }')).toContain('YAML merge keys (<<) are not supported');
    expect(refusal(`${minimal}---\n${minimal}`)).toMatchInlineSnapshot(`
      "
      m.yaml:12:1: a second document begins here (---); put it into a file of its own
        12 | ---
           | ^
      "
    `);
  });
  test('with what would not be read as it is written', () => {
    expect(bad('profile: global', 'profile: ${PROFILE}')).toMatchInlineSnapshot(`
      "
      m.yaml:5:12: source.profile: \${…} is not replaced in this file; write the value out, or make the file with a tool such as envsubst
        5 |   profile: \${PROFILE}                 # any AWS way to a credential, per site: profile, role to assume, environment pref…
          |            ^
      "
    `);
    expect(bad('sex: drop', 'sex: { set: { N: 12345678901234567890 } }')).toMatchInlineSnapshot(`
      "
      m.yaml:19:22: policy.attributes.sex.set.N: this number has more digits, or is greater, than would be read; put it in quotes to have it as text
        19 |     sex: { set: { N: 12345678901234567890 } }
           |                      ^
      "
    `);
    expect(bad('write: 4000', 'write: 1e400')).toContain('this number has more digits, or is greater');
    expect(bad('write: 4000', 'write: 0x10')).toMatchInlineSnapshot(`
      "
      m.yaml:23:29: limits.write: a number must be decimal, such as 16 or 1.5; text goes in quotes
        23 | limits: { read: 50%, write: 0x10, bandwidth: 200 Mbit/s }
           |                             ^
      "
    `);
    expect(bad('sex: drop', '__proto__: drop')).toMatchInlineSnapshot(`
      "
      m.yaml:19:5: policy.attributes.__proto__: this name is not supported
        19 |     __proto__: drop
           |     ^
      "
    `);
  });
  test('nested without end', () => {
    expect(refusal('['.repeat(100_000))).toContain('nested too deeply');
    expect(added(`load: ${'['.repeat(300)}${']'.repeat(300)}`)).toContain('nested too deeply');
  });
  test('of great size', () => {
    expect(refusal(`#${'x'.repeat(1024 * 1024)}`)).toMatchInlineSnapshot(`
      "
      m.yaml: larger than 1 MiB, which no migration.yaml is
      "
    `);
  });
});

describe('messages', () => {
  test('come all at once, in the order of the file', () => {
    expect(
      refusal(changed(changed(changed(example, 'version: 1', 'version: one'), 'cn-north-1', 'china'), '50%', 'half')),
    ).toMatchInlineSnapshot(`
      "
      m.yaml:1:10: version: got "one": expected 1
        1 | version: one
          |          ^
      m.yaml:10:11: target.region: got "china": expected an AWS region such as us-west-2 or cn-north-1
        10 |   region: china
           |           ^
      m.yaml:23:17: limits.read: got "half": expected a share such as 50% (above 0%, up to 100%) or capacity units a second such as 4000
        23 | limits: { read: half, write: 4000, bandwidth: 200 Mbit/s }
           |                 ^
      "
    `);
  });
  test('come with what would be misread, once for each value', () => {
    expect(
      refusal(changed(changed(example, 'region: us-west-2', 'region: ${REGION}'), 'unlisted: keep', 'unlisted: no')),
    ).toMatchInlineSnapshot(`
      "
      m.yaml:4:11: source.region: \${…} is not replaced in this file; write the value out, or make the file with a tool such as envsubst
        4 |   region: \${REGION}
          |           ^
      m.yaml:21:13: policy.unlisted: got "no": expected keep, drop or refuse
        21 |   unlisted: no                  # or drop, or refuse
           |             ^
      "
    `);
  });
  test('stop at twenty', () => {
    const keys = Array.from({ length: 25 }, (_, index) => `zz${index}: 1`).join('\n');
    const message = added(keys);
    expect(message.match(/unknown key/g)).toHaveLength(20);
    expect(message).toContain('… and 5 more');
  });
  test('keep the caret in its place behind tabs, wide characters and much text', () => {
    expect(bad('bandwidth: 200 Mbit/s }', 'bandwidth: 200 Mbit/s,\t速度: 1 }')).toMatchInlineSnapshot(`
      "
      m.yaml:23:58: limits."速度": unknown key; the keys here are read, write, bandwidth
        23 | limits: { read: 50%, write: 4000, bandwidth: 200 Mbit/s,	速度: 1 }
           |                                                         	^
      "
    `);
    expect(added(`load: { "${'中文'.repeat(3)}": 1, mode: x }`)).toMatchInlineSnapshot(`
      "
      m.yaml:12:9: load."中文中文中文": unknown key; the keys here are mode, concurrency
        12 | load: { "中文中文中文": 1, mode: x }
           |         ^
      m.yaml:12:28: load.mode: got "x": expected overwrite, skip-existing, or { newer: { by: <attribute> } }
        12 | load: { "中文中文中文": 1, mode: x }
           |          　　　　　　            ^
      "
    `);
    expect(
      added(`limits: { "${'a'.repeat(150)}": 1, read: x, "${'b'.repeat(150)}": 2 }`)
        .split('\n')
        .slice(4, 7)
        .join('\n'),
    ).toMatchInlineSnapshot(`
      "m.yaml:12:174: limits.read: got "x": expected a share such as 50% (above 0%, up to 100%) or capacity units a second such as 4000
        12 | …aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": 1, read: x, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
           |                                                                                  ^"
    `);
  });
  test('let no control character through to the terminal', () => {
    const message = bad('name: users-to-china', 'name: "\\e[2J" # \u0007\u009b');
    expect(message).toMatchInlineSnapshot(`
      "
      m.yaml:2:7: name: got "\\u001b[2J": expected a name: up to 63 letters, digits, - and _, the first a letter or digit
        2 | name: "\\e[2J" # ��
          |       ^
      "
    `);
    expect(message).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
