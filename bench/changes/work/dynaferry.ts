import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteIdentities, type SiteName } from '../../../test/world/site.ts';
import type { ChangesJob } from '../messages.ts';
import type { Work } from './main.ts';

/** The package as it is published: built, through its public API. */
const { openMigration } = (await import(new URL('../../../dist/index.js', import.meta.url).href)) as Pick<
  typeof import('../../../src/index.ts'),
  'openMigration'
>;

/** All three stages of changes in one process, through the staging of both sites, under a policy that lets all pass. */
export function dynaferryWork(job: ChangesJob): Work {
  const file = join(job.folder, 'migration.yaml');
  writeFileSync(file, migrationFile(job));
  return async (signal, onApplied) => {
    const migration = await openMigration(file, {
      signal,
      env: { ...keys('source'), ...keys('target') },
      onEvent: (event) => {
        if (event.type === 'progress' && event.stage === 'apply') onApplied(event.items);
      },
    });
    try {
      const { error } = await migration.replicate({ withoutLoad: true });
      if (error?.code !== 'INTERRUPTED') throw new Error(error?.message);
    } finally {
      await migration.close();
    }
  };
}

function keys(name: SiteName): Record<string, string> {
  const { accessKeyId, secretAccessKey } = siteIdentities[name].credentials;
  const prefix = name.toUpperCase();
  return { [`${prefix}_AWS_ACCESS_KEY_ID`]: accessKeyId, [`${prefix}_AWS_SECRET_ACCESS_KEY`]: secretAccessKey };
}

function migrationFile(job: ChangesJob): string {
  const site = (name: SiteName): string => `${name}:
  region: ${siteIdentities[name].region}
  credentials: env:${name.toUpperCase()}_
  table: ${job.table}
  staging: s3://${job[name].bucket}/${job.table}/
  endpoint: { dynamodb: "${job[name].dynamodb}", s3: "${job[name].s3}" }
`;
  return `version: 1
name: benchmark
${site('source')}${site('target')}policy: {}
`;
}
