import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEndpoint } from '../../src/demo/loopback.ts';
import { startS3Endpoint } from '../../src/demo/s3-endpoint.ts';

const region = 'eu-test-1';
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const Bucket = 'bucket';
let endpoint: EmbeddedEndpoint;
let s3: S3Client;

function client(config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: endpoint.url,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    ...config,
  });
}

beforeAll(async () => {
  endpoint = await startS3Endpoint({ region, accessKeys: [credentials], buckets: [Bucket] });
  s3 = client();
});

afterAll(async () => {
  s3.destroy();
  await endpoint.close();
});

/** The error's name and status, as `NoSuchKey 404`. */
async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    const { name, $metadata } = error as S3ServiceException;
    return `${name} ${$metadata.httpStatusCode}`;
  }
  return 'not refused';
}

async function get(Key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return (await Body?.transformToString()) ?? '';
}

describe('objects', () => {
  it('come back as they were put, with metadata, headers and the MD5 as ETag', async () => {
    const Body = randomBytes(300_000);
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'folder/a b+c&d=é/../😀',
        Body,
        ContentType: 'application/x-test',
        ContentEncoding: 'gzip',
        Metadata: { one: 'eins', two: 'zwei' },
      }),
    );
    expect(put.ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'folder/a b+c&d=é/../😀' }));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Body)).toBe(true);
    expect(got).toMatchObject({
      ETag: put.ETag,
      ContentType: 'application/x-test',
      ContentEncoding: 'gzip',
      ContentLength: 300_000,
      Metadata: { one: 'eins', two: 'zwei' },
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'folder/a b+c&d=é/../😀' }));
    expect(head).toMatchObject({ ETag: put.ETag, ContentLength: 300_000, Metadata: { one: 'eins', two: 'zwei' } });
    expect(head.LastModified?.getTime()).toBeGreaterThan(0);
  });

  it('may be empty', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }));
    expect(await get('empty')).toBe('');
    expect(await refusal(get('empty', { Range: 'bytes=0-0' }))).toBe('InvalidRange 416');
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=7-99', '789', 'bytes 7-9/10'],
    ['bytes=-4', '6789', 'bytes 6-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=3-2', '0123456789', undefined],
  ])('are read by range %s', async (Range, text, contentRange) => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
    expect(await got.Body?.transformToString()).toBe(text);
    expect(got.ContentRange).toBe(contentRange);
    expect(got.ContentLength).toBe(text.length);
  });

  it('refuse ranges outside of them', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
    expect(await refusal(get('digits', { Range: 'bytes=10-' }))).toBe('InvalidRange 416');
    expect(await refusal(get('digits', { Range: 'bytes=-0' }))).toBe('InvalidRange 416');
  });

  it('keep to the conditions of a read', async () => {
    const { ETag = '' } = await s3.send(new PutObjectCommand({ Bucket, Key: 'read', Body: 'x' }));
    expect(await get('read', { IfMatch: ETag })).toBe('x');
    expect(await refusal(get('read', { IfMatch: '"other"' }))).toBe('PreconditionFailed 412');
    expect(await refusal(get('read', { IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await get('read', { IfNoneMatch: '"other"' })).toBe('x');
    expect(await refusal(get('read', { IfModifiedSince: new Date(Date.now() + 60_000) }))).toMatch(/ 304$/);
    expect(await refusal(get('read', { IfUnmodifiedSince: new Date(0) }))).toBe('PreconditionFailed 412');
  });

  it('keep to the conditions of a write', async () => {
    const put = (more: object) => s3.send(new PutObjectCommand({ Bucket, Key: 'write', Body: 'x', ...more }));
    expect(await refusal(put({ IfMatch: '"x"' }))).toBe('NoSuchKey 404');
    const { ETag } = await put({ IfNoneMatch: '*' });
    expect(await refusal(put({ IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    expect(await refusal(put({ IfMatch: '"other"' }))).toBe('PreconditionFailed 412');
    await put({ IfMatch: ETag, Body: 'y' });
    expect(await get('write')).toBe('y');
  });

  it('have one winner of a race to create them', async () => {
    const race = Array.from({ length: 20 }, (_, i) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'race', Body: String(i), IfNoneMatch: '*' })).then(
        () => i,
        () => undefined,
      ),
    );
    const winners = (await Promise.all(race)).filter((i) => i !== undefined);
    expect(winners).toHaveLength(1);
    expect(await get('race')).toBe(String(winners[0]));
  });

  it('are refused when a digest does not fit, and then not stored', async () => {
    const put = (more: object) => refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'digest', Body: 'x', ...more })));
    expect(await put({ ContentMD5: createHash('md5').update('y').digest('base64') })).toBe('BadDigest 400');
    expect(await put({ ContentMD5: 'AAAA' })).toBe('InvalidDigest 400');
    expect(await put({ ChecksumSHA256: createHash('sha256').update('y').digest('base64') })).toBe('BadDigest 400');
    expect(await put({ ChecksumCRC32C: 'AAAAAA==' })).toBe('NotImplemented 501');
    expect(await refusal(get('digest'))).toBe('NoSuchKey 404');
    expect(await put({ ContentMD5: createHash('md5').update('x').digest('base64') })).toBe('not refused');
  });

  it('are refused when they were changed after they had been signed', async () => {
    const changing = client();
    changing.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: unknown }).body = 'y';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const put = changing.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'x' }));
    expect(await refusal(put)).toBe('XAmzContentSHA256Mismatch 400');
    expect(await refusal(get('changed'))).toBe('NoSuchKey 404');
    changing.destroy();
  });

  it('give back the checksum that they were put with', async () => {
    const ChecksumSHA256 = createHash('sha256').update('x').digest('base64');
    await s3.send(new PutObjectCommand({ Bucket, Key: 'sum', Body: 'x', ChecksumSHA256 }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'sum', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumSHA256).toBe(ChecksumSHA256);
    expect(await get('sum')).toBe('x');
  });

  it('are put with the default checksums of the SDK', async () => {
    const defaults = client({ requestChecksumCalculation: 'WHEN_SUPPORTED' });
    await defaults.send(new PutObjectCommand({ Bucket, Key: 'crc32', Body: 'x' }));
    expect(await get('crc32')).toBe('x');
    defaults.destroy();
  });

  it('are deleted one by one and many at once', async () => {
    for (const Key of ['del/1', 'del/<&>', 'del/3']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'del/1' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'del/1' }));
    const many = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'del/<&>' }, { Key: 'del/none' }] } }),
    );
    expect(many.Deleted).toEqual([{ Key: 'del/<&>' }, { Key: 'del/none' }]);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'del/' }))).Contents?.map((o) => o.Key)).toEqual([
      'del/3',
    ]);
  });

  it('are copied with their metadata, or with other', async () => {
    const source = new PutObjectCommand({ Bucket, Key: 'copy/ä 1', Body: 'x', Metadata: { from: 'source' } });
    const { ETag } = await s3.send(source);
    const CopySource = `${Bucket}/${encodeURIComponent('copy/ä 1')}`;
    const copy = await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy/2', CopySource }));
    expect(copy.CopyObjectResult?.ETag).toBe(ETag);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy/2' }))).Metadata).toEqual({ from: 'source' });
    const replacing = { MetadataDirective: 'REPLACE', Metadata: { new: 'yes' } } as const;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy/ä 1', CopySource, ...replacing }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy/ä 1' }))).Metadata).toEqual({ new: 'yes' });
    const again = (more: object) =>
      refusal(s3.send(new CopyObjectCommand({ Bucket, Key: 'copy/ä 1', CopySource, ...more })));
    expect(await again({})).toBe('InvalidRequest 400');
    expect(await again({ ...replacing, CopySourceIfMatch: '"other"' })).toBe('PreconditionFailed 412');
    expect(await again({ CopySource: `${Bucket}/none` })).toBe('NoSuchKey 404');
  });

  it('are refused names and metadata that S3 refuses', async () => {
    const put = (more: object) => refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'limits', Body: 'x', ...more })));
    expect(await put({ Key: 'é'.repeat(513) })).toBe('KeyTooLongError 400');
    expect(await put({ Metadata: { big: 'x'.repeat(2046) } })).toBe('MetadataTooLarge 400');
    expect(await put({ Metadata: { big: 'x'.repeat(2045) } })).toBe('not refused');
  });
});

describe('buckets', () => {
  it('are created, found, listed and deleted', async () => {
    const LocationConstraint = region as 'eu-west-1';
    const create = new CreateBucketCommand({ Bucket: 'second', CreateBucketConfiguration: { LocationConstraint } });
    await s3.send(create);
    expect(await refusal(s3.send(create))).toBe('BucketAlreadyOwnedByYou 409');
    await s3.send(new HeadBucketCommand({ Bucket: 'second' }));
    const location = await s3.send(new GetBucketLocationCommand({ Bucket: 'second' }));
    expect(location.LocationConstraint).toBe(region);
    const names = async () => (await s3.send(new ListBucketsCommand({}))).Buckets?.map((bucket) => bucket.Name);
    expect(await names()).toEqual([Bucket, 'second']);
    await s3.send(new PutObjectCommand({ Bucket: 'second', Key: 'k', Body: 'x' }));
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket: 'second' })))).toBe('BucketNotEmpty 409');
    await s3.send(new DeleteObjectCommand({ Bucket: 'second', Key: 'k' }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'second' }));
    expect(await names()).toEqual([Bucket]);
  });

  it('are refused for bad names, for another region, and where there is none', async () => {
    const create = (name: string, LocationConstraint: string) =>
      refusal(
        s3.send(
          new CreateBucketCommand({
            Bucket: name,
            CreateBucketConfiguration: { LocationConstraint: LocationConstraint as 'eu-west-1' },
          }),
        ),
      );
    expect(await create('Upper', region)).toBe('InvalidBucketName 400');
    expect(await create('elsewhere', 'eu-west-1')).toBe('IllegalLocationConstraintException 400');
    expect(await refusal(s3.send(new HeadBucketCommand({ Bucket: 'none' })))).toMatch(/ 404$/);
    expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket: 'none' })))).toBe('NoSuchBucket 404');
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket: 'none', Key: 'k', Body: 'x' })))).toBe(
      'NoSuchBucket 404',
    );
  });
});

describe('credentials', () => {
  const head = async (config: S3ClientConfig): Promise<string> => {
    const other = client(config);
    const answer = await refusal(other.send(new ListObjectsV2Command({ Bucket })));
    other.destroy();
    return answer;
  };

  it('are refused when the key, the secret or the region is another', async () => {
    expect(await head({ credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'secret' } })).toBe(
      'InvalidAccessKeyId 403',
    );
    expect(await head({ credentials: { ...credentials, secretAccessKey: 'wrong' } })).toBe('SignatureDoesNotMatch 403');
    expect(await head({ region: 'us-west-2' })).toBe('AuthorizationHeaderMalformed 400');
  });

  it('are refused when the clock is off by more than 15 minutes', async () => {
    expect(await head({ systemClockOffset: 16 * 60_000 })).toBe('RequestTimeTooSkewed 403');
    expect(await head({ systemClockOffset: -14 * 60_000 })).toBe('not refused');
  });

  it('are needed', async () => {
    const answer = await fetch(`${endpoint.url}/${Bucket}?list-type=2`);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>AccessDenied</Code>');
  });
});

describe('the endpoint', () => {
  it('refuses what it does not implement instead of storing something else', async () => {
    const answer = await fetch(`${endpoint.url}/${Bucket}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256`);
    expect(answer.status).toBe(501);
    const streaming = client({ requestChecksumCalculation: 'WHEN_SUPPORTED' });
    const Body = Readable.from([Buffer.alloc(100)]);
    const put = new PutObjectCommand({ Bucket, Key: 'chunked', Body, ContentLength: 100 });
    expect(await refusal(streaming.send(put))).toBe('NotImplemented 501');
    expect(await refusal(get('chunked'))).toBe('NoSuchKey 404');
    expect(await refusal(get('digits', { VersionId: '1' }))).toBe('NotImplemented 501');
    streaming.destroy();
  });

  it('outlives a client that goes away in the middle of a body, and stores nothing of it', async () => {
    const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(`PUT /${Bucket}/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf`);
    await setImmediate();
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).destroy());
    expect(await refusal(get('half'))).toBe('NoSuchKey 404');
  });
});
