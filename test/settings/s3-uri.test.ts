import { expect, test } from 'vitest';
import { parseS3Uri } from '../../src/settings/s3-uri.ts';

test.each([
  ['s3://bucket', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
  ['s3://my.bucket-1/a/b', { bucket: 'my.bucket-1', prefix: 'a/b/' }],
  ['s3://bucket/a b/数据/', { bucket: 'bucket', prefix: 'a b/数据/' }],
])('%s is a place', (uri, location) => {
  expect(parseS3Uri(uri)).toEqual(location);
});

test.each([
  ['bucket/a', 'it does not begin with s3://'],
  ['https://bucket.s3.amazonaws.com/', 'it does not begin with s3://'],
  ['s3://', 'a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens'],
  ['s3://Bucket/', 'a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens'],
  ['s3://bucket//a', 'the prefix has an empty part (//)'],
  ['s3://bucket/a//b', 'the prefix has an empty part (//)'],
  ['s3://bucket/a\nb', 'the prefix has a control character'],
  [`s3://bucket/${'数'.repeat(171)}`, 'the prefix is longer than 512 bytes'],
])('%j is none', (uri, wrong) => {
  expect(parseS3Uri(uri)).toEqual({ wrong });
});
