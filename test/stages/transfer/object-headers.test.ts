import { describe, expect, test } from 'vitest';
import type { ObjectSettings } from '../../../src/stages/transfer/copy-options.ts';
import { objectHeaders } from '../../../src/stages/transfer/object-headers.ts';

const carry: ObjectSettings = { tags: 'carry' };

test('what is the object’s own is carried, what belongs to the answer is not', () => {
  const own = {
    'content-type': 'text/csv',
    'content-encoding': 'gzip',
    'content-language': 'de',
    'content-disposition': 'attachment',
    'cache-control': 'no-store',
    expires: 'Tue, 01 Jan 2030 00:00:00 GMT',
    'x-amz-website-redirect-location': '/other',
    'x-amz-storage-class': 'STANDARD_IA',
    'x-amz-meta-owner': 'me',
    'x-amz-meta-empty': '',
  };
  const answers = {
    etag: '"e"',
    'content-length': '5',
    'last-modified': 'Tue, 01 Jan 2030 00:00:00 GMT',
    'x-amz-request-id': '1',
    'x-amz-version-id': 'v',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:us-west-2:1:key/2',
    'x-amz-restore': 'ongoing-request="false"',
    'x-amz-tagging-count': '1',
    'x-amz-replication-status': 'COMPLETED',
    'x-amz-expiration': 'x',
    date: 'now',
    server: 'S3',
  };
  expect(objectHeaders({ headers: { ...own, ...answers } }, carry)).toEqual(own);
});

test.each([
  ['aws-chunked', undefined],
  ['gzip,aws-chunked', 'gzip'],
  ['aws-chunked, br, zstd', 'br,zstd'],
  ['gzip , br', 'gzip , br'],
])('how a body was sent is none of its encodings: %s', (given, expected) => {
  expect(objectHeaders({ headers: { 'content-encoding': given } }, carry)['content-encoding']).toBe(expected);
});

test('an object without a type has S3’s own default', () => {
  expect(objectHeaders({ headers: {} }, carry)).toEqual({ 'content-type': 'binary/octet-stream' });
});

test('what is set stands in place of what is carried, metadata beside it', () => {
  const headers = { 'content-type': 'a/b', 'cache-control': 'x', 'x-amz-meta-a': '1', 'x-amz-meta-b': '2' };
  const settings: ObjectSettings = {
    tags: 'drop',
    contentType: 'c/d',
    contentLanguage: 'en',
    storageClass: 'GLACIER_IR',
    acl: 'bucket-owner-full-control',
    encryption: { kind: 'aws:kms', keyId: 'alias/k' },
    metadata: { b: 'set', c: 'new' },
  };
  expect(objectHeaders({ headers }, settings)).toEqual({
    'content-type': 'c/d',
    'content-language': 'en',
    'cache-control': 'x',
    'x-amz-storage-class': 'GLACIER_IR',
    'x-amz-acl': 'bucket-owner-full-control',
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': 'alias/k',
    'x-amz-meta-a': '1',
    'x-amz-meta-b': 'set',
    'x-amz-meta-c': 'new',
  });
  expect(objectHeaders({ headers: {} }, { tags: 'carry', encryption: { kind: 'AES256' } })).toMatchObject({
    'x-amz-server-side-encryption': 'AES256',
  });
});

describe('the record of what was copied', () => {
  const record = { sourceEtag: '"0123-2"', partSizeBytes: 5 };

  test('says version and part size', () => {
    expect(objectHeaders({ headers: {} }, carry, record)).toMatchObject({
      'x-amz-meta-dynaferry-source-etag': '0123-2',
      'x-amz-meta-dynaferry-part-size': '5',
    });
  });

  test('of another copy says nothing of this one', () => {
    const headers = { 'x-amz-meta-dynaferry-source-etag': 'old', 'x-amz-meta-dynaferry-part-size': '9' };
    expect(objectHeaders({ headers }, carry)).toEqual({ 'content-type': 'binary/octet-stream' });
    const { 'x-amz-meta-dynaferry-part-size': partSize, ...rest } = objectHeaders({ headers }, carry, {
      sourceEtag: '"new"',
    });
    expect(partSize).toBeUndefined();
    expect(rest).toMatchObject({ 'x-amz-meta-dynaferry-source-etag': 'new' });
  });

  // Names and values have 2 KB; the record takes 47 bytes here.
  test.each([
    { bytes: 2001, has: true },
    { bytes: 2002, has: false },
  ])('is left out where metadata of $bytes bytes leaves no room for it', ({ bytes, has }) => {
    const headers = { 'x-amz-meta-a': 'x'.repeat(bytes - 1 - 24), 'x-amz-meta-b': 'ü'.repeat(11) + 'y' };
    const written = objectHeaders({ headers }, carry, record);
    const total = Object.entries(written)
      .filter(([name]) => name.startsWith('x-amz-meta-'))
      .reduce((sum, [name, value]) => sum + name.length - 11 + Buffer.byteLength(value), 0);
    expect(total).toBeLessThanOrEqual(2048);
    expect('x-amz-meta-dynaferry-source-etag' in written).toBe(has);
    expect(written['x-amz-meta-a']).toBe(headers['x-amz-meta-a']);
  });
});
