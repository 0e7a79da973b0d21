import { STAGED_PREFIX } from './staged.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUCKET, REGION, type Job } from '../messages.ts';
import { SEGMENTS, tableOf } from '../table.ts';
import type { Work } from './main.ts';

/** The package as it is published: built, through its public API. The types are the sources', so that they can be checked without a build. */
const { openMigration } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as Pick<
  typeof import('../../src/index.ts'),
  'openMigration'
>;

/** The rules of the well-known sample: hash, mask, drop, rename. */
const RULES = `  attributes:
    govid: { hash: { key: env:GOVID_KEY } }
    email: { mask: email }
    sex: drop
    first_name: { rename: given_name }
`;

/** Objects are staged here by exports, and read from here by loads: what lies between, the transfer, is not measured. */
const STAGED = `s3://${BUCKET}/${STAGED_PREFIX}`;
const UNUSED = `s3://${BUCKET}/unused/`;

export function exportWork(job: Job): Work {
  return () => runStage(job, 'export');
}

export function loadWork(job: Job): Work {
  return () => runStage(job, 'load');
}

/** Export and load in one process, for its memory. */
export function bothWork(job: Job): Work {
  return async () => {
    await runStage(job, 'export');
    return runStage(job, 'load');
  };
}

async function runStage(job: Job, stage: 'export' | 'load'): Promise<number> {
  const folder = join(job.folder, stage);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'migration.yaml');
  writeFileSync(file, migrationFile(job, stage));
  const migration = await openMigration(file, { env: { GOVID_KEY: 'a key of thirty-two bytes or more' } });
  try {
    const summary = await migration[stage]();
    if (!summary.ok) throw new Error(summary.error?.message);
    return stage === 'export' ? summary.read : summary.written;
  } finally {
    await migration.close();
  }
}

function migrationFile(job: Job, stage: 'export' | 'load'): string {
  const site = `region: ${REGION}
  endpoint: { dynamodb: "${job.endpoints.dynamodb}", s3: "${job.endpoints.s3}" }`;
  const policy = `${job.filter ? "  filter: country = 'China'\n" : ''}${job.rules ? RULES : ''}`;
  return `version: 1
name: benchmark
source:
  ${site}
  table: ${tableOf(job.items)}
  staging: ${stage === 'export' ? STAGED : UNUSED}
target:
  ${site}
  table: loaded-${job.items}
  staging: ${stage === 'export' ? UNUSED : STAGED}
policy:${policy === '' ? ' {}' : `\n${policy.trimEnd()}`}
export: { segments: ${SEGMENTS}, compression: ${job.compression}, pushDown: ${job.pushDown} }
`;
}
