import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startTwoSites } from '../../src/demo/two-sites.ts';
import { newFolder } from '../world/home.ts';
import { expectError, useCliWorld } from './cli-world.ts';

const world = await useCliWorld();
const { source, target } = world.demo.sites;

/** Begun first, since it tries for half a minute. */
const unreachable = world.run([
  'inspect',
  world.migration('unreachable', (yaml) => (yaml['source'].endpoint.dynamodb = 'http://127.0.0.1:9')),
]);

function clientsOf(site: typeof source): { dynamodb: DynamoDBClient; s3: S3Client } {
  const { region, credentials } = site;
  return {
    dynamodb: new DynamoDBClient({ region, credentials, endpoint: site.dynamodb }),
    s3: new S3Client({ region, credentials, endpoint: site.s3, forcePathStyle: true }),
  };
}

describe('the command line', () => {
  it.each([
    ['an unknown command', ['fly'], /unknown command 'fly'/],
    ['an unknown option', ['run', '--fast', 'x.yaml'], /unknown option '--fast'/],
    ['a missing file', ['run'], /missing required argument 'file'/],
    ['a number that is none', ['plan', '--sample', 'many', 'x.yaml'], /--sample.*Give a whole number/],
    ['a copy without a target', ['copy', 's3://bucket-a/'], /the target is missing/],
    [
      'a value of a copy that is none',
      ['copy', 's3://bucket-a', 's3://bucket-b', '--part-size', '6 MiB'],
      /--part-size: got "6 MiB"/,
    ],
    ['options that do not go together', ['generate', '--table', 't', '--out', 'f'], /two places/],
  ])('refuses %s', async (_, args, message) => {
    const result = await world.run(args);
    expectError(result, 2, 'USAGE');
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
  });

  it('says the same as the last line with --json', async () => {
    const result = await world.run(['status', '--json', '--fast', 'x.yaml']);
    expect([result.code, result.stderr]).toEqual([2, '']);
    expect(result.events).toEqual([
      { type: 'error', code: 'USAGE', message: "unknown option '--fast'", fix: 'See `dynaferry status --help`.' },
    ]);
  });

  it('says what to give where changes cannot be captured as it is', async () => {
    const noPlace = await world.run(['capture', '--from', 's3:/exports', world.migration('no-place')]);
    expectError(noPlace, 2, 'USAGE');
    expect(noPlace.stderr).toContain('fix: Give the place of a finished incremental export.');
    const ofExport = world.migration('of-export', (yaml) => {
      delete yaml['source'].table;
      yaml['source'].export = `s3://${source.bucket}/AWSDynamoDB/01717200000000-a1b2c3d4/`;
    });
    const noTable = await world.run(['replicate', ofExport]);
    expectError(noTable, 2, 'USAGE');
    expect(noTable.stderr).toMatch(/^fix: .*dynaferry capture --from/m);
  });

  it('shows help without a command, and fails', async () => {
    const result = await world.run([]);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^Examples:/);
  });

  it('shows help, examples first, and the version', async () => {
    const help = await world.run(['run', '--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toMatch(/^Examples:\n {2}dynaferry run migration\.yaml/);
    expect((await world.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('a migration file', () => {
  it('that does not exist', async () => {
    const result = await world.run(['run', 'nowhere.yaml']);
    expectError(result, 2, 'CONFIG_INVALID');
    expect(result.stderr).toContain('nowhere.yaml: there is no such file');
  });

  it('with a mistake is shown with line and caret', async () => {
    const result = await world.run(['plan', world.migration('typo', (yaml) => (yaml['source'].tabel = 'x'))]);
    expectError(result, 2, 'CONFIG_INVALID');
    expect(result.stderr).toMatch(/migration\.yaml:\d+:\d+: source\.tabel/);
    expect(result.stderr).toMatch(/^\s*\|\s*\^/m);
  });

  it('with a malformed filter is shown with a caret under the spot', async () => {
    const result = await world.run([
      'run',
      world.migration('filter', (yaml) => (yaml['policy'].filter = 'country == China')),
    ]);
    expectError(result, 2, 'POLICY_INVALID');
    expect(result.stderr).toMatch(/^\s*\|\s*\^/m);
  });

  it('whose key is not set', async () => {
    const result = await world.run(['run', world.migration('nokey')], { env: { GOVID_KEY: '' } });
    expectError(result, 2, 'POLICY_INVALID');
    expect(result.stderr).toContain('GOVID_KEY');
  });
});

describe('credentials', () => {
  it('of the other partition', async () => {
    const result = await world.run([
      'run',
      world.migration('swapped', (yaml) => (yaml['target'].credentials = 'env:GLOBAL_')),
    ]);
    expectError(result, 4, 'CREDENTIALS_REJECTED');
    expect(result.stderr).toContain('target: cn-north-1 does not know these credentials');
  });

  it('on a machine whose clock is wrong', async () => {
    const anHourAhead = await startTwoSites({ now: () => Date.now() + 3_600_000 });
    const path = world.migration('skewed', (yaml) => (yaml['source'].endpoint.dynamodb = anHourAhead.source.dynamodb));
    const result = await world.run(['inspect', path]);
    await anHourAhead.close();
    expectError(result, 4, 'CLOCK_SKEW');
  });

  it('that are missing', async () => {
    const result = await world.run([
      'export',
      world.migration('missing', (yaml) => (yaml['source'].credentials = 'env:NO_')),
    ]);
    expectError(result, 4, 'CREDENTIALS_MISSING');
    expect(result.stderr).toContain('NO_AWS_ACCESS_KEY_ID');
  });

  it('with a wrong secret, which is not shown', async () => {
    const result = await world.run(['inspect', world.migration('secret')], {
      env: { GLOBAL_AWS_SECRET_ACCESS_KEY: 'not-the-secret' },
    });
    expectError(result, 4, 'SIGNATURE_REJECTED');
    expect(result.stderr).not.toContain('not-the-secret');
  });
});

describe('what is not there', () => {
  it('a table', async () => {
    const result = await world.run(['run', world.migration('notable', (yaml) => (yaml['source'].table = 'nobody'))]);
    expectError(result, 5, 'TABLE_NOT_FOUND');
    expect(result.stderr).toContain("'nobody'");
  });

  it('a bucket', async () => {
    const result = await world.run([
      'run',
      world.migration('nobucket', (yaml) => (yaml['target'].staging = 's3://not-there/x/')),
    ]);
    expectError(result, 5, 'BUCKET_NOT_FOUND');
    expect(result.stderr).toContain('not-there');
  });

  it('an export to load', async () => {
    expectError(await world.run(['load', world.migration('noexport')]), 5, 'EXPORT_NOT_FOUND');
  });

  it('a place for the ledger', async () => {
    const file = join(newFolder(), 'a-file');
    writeFileSync(file, '');
    expectError(await world.run(['status', '--state-dir', file, world.migration('noplace')]), 11, 'LOCAL_DISK');
  });
});

describe('a policy', () => {
  it('that drops the key is refused before anything moves, and plan says so with exit code 3', async () => {
    const path = world.migration('dropskey', (yaml) => (yaml['policy'].attributes.PK = 'drop'));
    expectError(await world.run(['run', path]), 3, 'RULE_ON_KEY');
    const plan = await world.run(['plan', '--json', path]);
    expect(plan.code).toBe(3);
    expect(plan.events.at(-1)).toMatchObject({
      type: 'plan',
      findings: expect.arrayContaining([
        expect.objectContaining({ severity: 'error', code: 'RULE_ON_KEY' }),
      ]) as unknown,
    });
  });

  it('that leaves another key than the target has is refused', async () => {
    const path = world.migration('otherkey', (yaml) => {
      yaml['target'].table = 'user_by_email';
      yaml['target'].create = false;
    });
    await clientsOf(target).dynamodb.send(
      new CreateTableCommand({
        TableName: 'user_by_email',
        AttributeDefinitions: [{ AttributeName: 'email', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'email', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    const result = await world.run(['run', path]);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/^error: .*email/ms);
  });

  it('that refuses items sets them aside and ends with exit code 8', async () => {
    const path = world.migration('refuses', (yaml) => {
      yaml['policy'].unlisted = 'refuse';
      yaml['policy'].attributes.PK = 'keep';
    });
    const result = await world.run(['run', path]);
    expectError(result, 8, 'DEAD_LETTERS');
    expect(result.stdout).toMatch(/dead-lettered +80 /);
    expect(result.stderr).toContain(`s3://${source.bucket}/`);
  });

  it('that is not the one that staged data was made under', async () => {
    const path = world.migration('changed');
    expect((await world.run(['export', path])).code).toBe(0);
    expect((await world.run(['transfer', path])).code).toBe(0);
    const other = world.migration('changed', (yaml) => (yaml['policy'].filter = "country = 'Japan'"));
    expectError(await world.run(['load', other]), 6, 'POLICY_MISMATCH');
  });
});

describe('staged data', () => {
  it('that is damaged is not loaded', async () => {
    const path = world.migration('damaged');
    await world.run(['export', path]);
    await world.run(['transfer', path]);
    const { s3 } = clientsOf(target);
    const Bucket = target.bucket;
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'dynaferry/damaged/' }));
    const Key = Contents.map((object) => object.Key).find((key) => key?.includes('/data/'));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'not what it was' }));
    expectError(await world.run(['load', path]), 6, 'DATA_DAMAGED');
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const gone = await world.run(['load', path]);
    expectError(gone, 5, 'OBJECT_NOT_FOUND');
    expect(gone.stderr).toContain('/data/');
  });
});

describe('verify', () => {
  it('ends with exit code 7 where an item is missing', async () => {
    const path = world.migration('differs');
    expect((await world.run(['run', path])).code).toBe(0);
    const { dynamodb } = clientsOf(target);
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: 'differs', Limit: 1 }));
    await dynamodb.send(new DeleteItemCommand({ TableName: 'differs', Key: { PK: Items[0].PK } }));
    const result = await world.run(['verify', path]);
    expectError(result, 7, 'VERIFY_DIFFERENT');
    expect(result.stderr).not.toContain(Items[0].PK.S);
    const json = await world.run(['verify', '--json', path]);
    expect(json.code).toBe(7);
    expect(json.events.at(-1)).toMatchObject({
      type: 'summary',
      ok: false,
      verify: { equal: 79, missing: 1, extra: 0, different: 0 },
      error: { code: 'VERIFY_DIFFERENT' },
    });
  });
});

describe('an endpoint that nothing listens at', () => {
  it('is tried for a while, which is said', async () => {
    const result = await unreachable;
    expectError(result, 9, 'UNREACHABLE');
    expect(result.stderr).toMatch(/^warning: .*; trying again$/m);
  });
});
