/** A file that says a little of everything. */
export const example = `version: 1
name: exports-to-china
source:
  url: s3://acme-export-us/exports/
  region: us-west-2
  profile: global
target:
  url: s3://acme-import-cn/from-us/
  region: cn-north-1
  profile: china
include: ['**/*.parquet']
olderThan: 5m
maxSize: 5 GB
compare: etag
object:
  storageClass: STANDARD_IA
  encryption: kms
  tags: carry
limits:
  bandwidth: { default: 50 Mbit/s, '22:00-06:00 Asia/Shanghai': 500 Mbit/s }
  connections: 8
  partSize: 50 MiB
`;

/** The least that a file can say where nothing is in the environment. */
export const minimal = `version: 1
source:
  url: s3://bucket-a
  region: us-west-2
target:
  url: s3://bucket-b
  region: us-west-2
`;
