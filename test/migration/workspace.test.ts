import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Pacer } from '../../src/engine/pacer.ts';
import { Limits } from '../../src/migration/limits.ts';
import { Workspace } from '../../src/migration/workspace.ts';
import { readMigrationFile } from '../../src/migration/file/parse.ts';
import { AnsweringService, dynamoDbError, s3Error } from '../aws/answers.ts';

class CountingPacer extends Pacer {
  count = 0;
  override throttled(): void {
    this.count++;
  }
}

it('what DynamoDB throttles at a site slows that site down, whichever stage asks; S3 slows no table down', async () => {
  const throttled = dynamoDbError('ProvisionedThroughputExceededException');
  await using dynamodb = await new AnsweringService((_, nth) =>
    nth % 2 === 1 ? { status: 400, body: throttled } : { status: 200, body: '{}' },
  ).start();
  await using s3 = await new AnsweringService((_, nth) =>
    nth === 1 ? { status: 503, body: s3Error('SlowDown') } : { status: 200, body: 'x' },
  ).start();
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-workspace-'));
  const site = (name: string): string =>
    `{ region: us-west-2, credentials: env:X_, table: ${name}, staging: s3://${name}-bucket/p/, endpoint: { dynamodb: ${dynamodb.endpoint}, s3: ${s3.endpoint} } }`;
  const path = join(folder, 'm.yaml');
  writeFileSync(path, `version: 1\nname: m\nsource: ${site('from')}\ntarget: ${site('into')}\npolicy: {}\n`);
  const file = await readMigrationFile(path);
  const workspace = new Workspace(file, {
    folder,
    stateFolder: folder,
    limits: new Limits([file]),
    env: { X_AWS_ACCESS_KEY_ID: 'A', X_AWS_SECRET_ACCESS_KEY: 'S' },
    context: { migration: 'm', signal: new AbortController().signal, onEvent: () => undefined },
  });
  const pacers = { source: new CountingPacer(1), target: new CountingPacer(1) };
  workspace.throttled('source', pacers.source);
  workspace.throttled('target', pacers.target);
  const counts = (): number[] => [pacers.source.count, pacers.target.count];

  await (await workspace.sourceDynamoDb()).call('Scan', 'from', Buffer.from('{}'));
  expect(counts()).toEqual([1, 0]);
  await (await workspace.targetDynamoDb()).call('Scan', 'into', Buffer.from('{}'));
  expect(counts()).toEqual([1, 1]);
  await (await workspace.sourceBucket()).get('k');
  expect(s3.asked).toHaveLength(2);
  expect(counts()).toEqual([1, 1]);
  await workspace.close();
  rmSync(folder, { recursive: true });
});
