import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultRegion, type RegionOwner } from '../../src/aws/default-region.ts';
import { newFolder } from '../world/home.ts';

const config = join(newFolder(), 'config');
writeFileSync(
  config,
  `[default]
region = eu-west-1
[profile china]
s3 =
  region = us-east-2
region = cn-north-1   
output = json
[ profile "two words" ]
region=ap-south-1
[sso-session plain]
region = us-gov-west-1
[profile bare]
`,
);
const credentials = join(newFolder(), 'credentials');
writeFileSync(credentials, '[plain]\naws_access_key_id = x\nregion = sa-east-1\n');

const regionOf = (owner: Omit<RegionOwner, 'env'>, env: Record<string, string> = {}): string | undefined =>
  defaultRegion({ ...owner, env: { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials, ...env } });

test.each<[string, Omit<RegionOwner, 'env'>, Record<string, string>, string | undefined]>([
  ['of the profile', { profile: 'china' }, {}, 'cn-north-1'],
  [
    'of the profile before AWS_REGION, which is one for both sites',
    { profile: 'china' },
    { AWS_REGION: 'us-west-2' },
    'cn-north-1',
  ],
  ['of a profile with a blank in its name', { profile: 'two words' }, {}, 'ap-south-1'],
  ['of a profile in the credentials file', { profile: 'plain' }, {}, 'sa-east-1'],
  ['of AWS_REGION where the profile has none', { profile: 'bare' }, { AWS_REGION: 'us-west-2' }, 'us-west-2'],
  ['none, where a profile has none and nothing is set', { profile: 'bare' }, {}, undefined],
  [
    "of the site's own variables",
    { environmentPrefix: 'CN_' },
    { CN_AWS_REGION: 'cn-northwest-1', AWS_REGION: 'us-west-2' },
    'cn-northwest-1',
  ],
  ['of AWS_DEFAULT_REGION', {}, { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-1' }, 'us-west-1'],
  ['of the default profile', {}, {}, 'eu-west-1'],
  ['of the profile in AWS_PROFILE', {}, { AWS_PROFILE: 'china' }, 'cn-north-1'],
])('the region %s', (_, owner, env, region) => expect(regionOf(owner, env)).toBe(region));

test('no region where there are no files', () => {
  expect(defaultRegion({ env: { HOME: newFolder() } })).toBeUndefined();
});
