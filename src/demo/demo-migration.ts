import type { DemoSite, TwoSites } from './two-sites.ts';

export const DEMO_SOURCE_TABLE = 'user-us';
export const DEMO_TARGET_TABLE = 'user_migrated_cn';

/** The demo's migration.yaml: what a team would write to bring its Chinese users to a China region; with `live` while they are changed. */
export function demoMigration({ source, target }: Pick<TwoSites, 'source' | 'target'>, live = false): string {
  const site = ({ region, bucket, dynamodb, s3 }: DemoSite, prefix: string, table: string): string =>
    `  region: ${region}
  credentials: env:${prefix}
  table: ${table}
  staging: s3://${bucket}/dynaferry/
  endpoint: { dynamodb: ${dynamodb}, s3: ${s3} }`;
  return `version: 1
name: users-to-china
source:
${site(source, 'GLOBAL_', DEMO_SOURCE_TABLE)}
target:
${site(target, 'CHINA_', DEMO_TARGET_TABLE)}
policy:
  filter: country = 'China'
  attributes:
    govid: { hash: { key: env:GOVID_KEY } }
    email: { mask: email }
    sex: drop
    first_name: { rename: given_name }
  unlisted: keep
# Far below what a real table should have, so that this small one makes several objects.
export: { objectSize: 64 KiB }
${live ? 'replicate: { stream: enable }\n' : ''}`;
}

/** The variables that the demo's migration.yaml names. */
export function demoEnvironment({ source, target }: Pick<TwoSites, 'source' | 'target'>): Record<string, string> {
  return {
    GLOBAL_AWS_ACCESS_KEY_ID: source.credentials.accessKeyId,
    GLOBAL_AWS_SECRET_ACCESS_KEY: source.credentials.secretAccessKey,
    CHINA_AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
    CHINA_AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
    GOVID_KEY: 'a-demo-key-of-at-least-thirty-two-characters',
  };
}
