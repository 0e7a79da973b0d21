/** The example of the README and of `dynaferry --help`: what a user starts from. */
export const example = `version: 1
name: users-to-china
source:
  region: us-west-2
  profile: global                 # any AWS way to a credential, per site: profile, role to assume, environment prefix
  table: user-us                  # or  export: s3://bucket/prefix/AWSDynamoDB/<id>/  (a native export, or one of ours)
  staging: s3://acme-export-us/dynaferry/
  endpoint: { dynamodb: http://127.0.0.1:8000, s3: http://127.0.0.1:7480 }    # emulators, VPC endpoints
target:
  region: cn-north-1
  profile: china
  table: user_migrated_cn
  staging: s3://acme-import-cn/dynaferry/
policy:
  filter: country = 'China'
  attributes:
    govid: { hash: { key: env:GOVID_KEY } }
    email: { mask: email }
    sex: drop
    first_name: { rename: given_name }
  unlisted: keep                  # or drop, or refuse
load: { mode: overwrite }         # or skip-existing, or newer: { by: last_update_timestamp }
limits: { read: 50%, write: 4000, bandwidth: 200 Mbit/s }
`;

/** The least that a file can say, one line a setting. */
export const minimal = `version: 1
name: t
source:
  region: us-west-2
  table: users
  staging: s3://bucket-a/
target:
  region: us-west-2
  table: users2
  staging: s3://bucket-b/x
policy: {}
`;

/** The file with a part of it replaced; fails where the part is not there, so that a test cannot pass by testing nothing. */
export function changed(file: string, part: string, by: string): string {
  if (!file.includes(part)) throw new Error(`the file has no '${part}'`);
  return file.replace(part, () => by);
}
