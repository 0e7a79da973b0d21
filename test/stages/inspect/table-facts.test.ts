import { expect, test } from 'vitest';
import type { Finding } from '../../../src/model/finding.ts';
import { readTableFacts } from '../../../src/stages/inspect/table-facts.ts';
import { findingsOf } from '../../../src/stages/inspect/findings.ts';
import { fullCatalog } from './full-catalog.ts';
import { ScriptedClient } from '../../dynamodb/scripted-client.ts';
import { fullTable } from '../../dynamodb/full-table.ts';

const answers = {
  DescribeTable: { Table: fullTable },
  DescribeTimeToLive: { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' } },
  DescribeContinuousBackups: {
    ContinuousBackupsDescription: { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } },
  },
  ListTagsOfResource: { Tags: [{ Key: 'team', Value: 'users' }] },
};

test('every setting that AWS knows is in the facts', async () => {
  const findings: Finding[] = [];
  const facts = await readTableFacts(new ScriptedClient(answers), 'users', findings);
  expect(findings).toEqual([]);
  expect(facts).toMatchObject({
    status: 'ACTIVE',
    billing: { mode: 'provisioned', readUnits: 100, writeUnits: 50 },
    tableClass: 'STANDARD_INFREQUENT_ACCESS',
    ttl: { enabled: true, attribute: 'expires' },
    stream: { enabled: true, view: 'NEW_AND_OLD_IMAGES' },
    pointInTimeRecovery: false,
    encryption: { key: 'kms', arn: 'arn:aws:kms:us-west-2:1:key/k' },
    deletionProtection: true,
    tags: [{ key: 'team', value: 'users' }],
    described: { items: 1000, sizeBytes: 500_000 },
  });
  expect(facts.indexes.map((index) => [index.name, index.kind, index.projection])).toEqual([
    ['by-time', 'local', 'all'],
    ['by-country', 'global', 'some'],
  ]);
  const codes = findingsOf({ ...fullCatalog, table: facts }).map((finding) => finding.code);
  expect(codes).toEqual(expect.arrayContaining(['PITR_OFF', 'TTL_ON', 'ENCRYPTION_KEY_STAYS']));
  expect(codes).not.toContain('STREAM_WITHOUT_IMAGES');
});

test('what global tables of the first version leave in items is told of', () => {
  const left = { ...fullCatalog.paths[0], path: '"aws:rep:updateregion"' };
  const told = findingsOf({ ...fullCatalog, paths: [...fullCatalog.paths, left] });
  expect(told.find((finding) => finding.code === 'REPLICATION_ATTRIBUTES')?.message).toContain(left.path);
  expect(findingsOf(fullCatalog).map((finding) => finding.code)).not.toContain('REPLICATION_ATTRIBUTES');
});
