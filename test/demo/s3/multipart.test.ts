import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedEndpoint } from '../../../src/demo/loopback.ts';
import { startS3Endpoint } from '../../../src/demo/s3-endpoint.ts';

const MIB = 1024 * 1024;
const region = 'eu-test-1';
const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const Bucket = 'bucket';
let endpoint: EmbeddedEndpoint;
let s3: S3Client;

beforeAll(async () => {
  endpoint = await startS3Endpoint({ region, accessKeys: [credentials], buckets: [Bucket] });
  s3 = new S3Client({
    endpoint: endpoint.url,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  });
});

afterAll(async () => {
  s3.destroy();
  await endpoint.close();
});

async function begin(Key: string): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { a: 'b' } }));
  return UploadId ?? '';
}

async function uploadPart(Key: string, UploadId: string, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  return { PartNumber, ETag };
}

function complete(Key: string, UploadId: string, Parts: CompletedPart[], more: object = {}) {
  return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));
}

async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
  } catch (error) {
    return (error as S3ServiceException).name;
  }
  return 'not refused';
}

const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();

describe('a multipart upload', () => {
  it('becomes one object, whose ETag is the MD5 of the MD5s', async () => {
    const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB + 1), randomBytes(10)];
    const UploadId = await begin('whole');
    // Out of order, and one of them twice: the later one counts.
    const last = await uploadPart('whole', UploadId, 9, bodies[2]);
    await uploadPart('whole', UploadId, 2, randomBytes(100));
    const parts = [
      await uploadPart('whole', UploadId, 1, bodies[0]),
      await uploadPart('whole', UploadId, 2, bodies[1]),
      last,
    ];
    const done = await complete('whole', UploadId, parts);
    expect(done.ETag).toBe(`"${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-3"`);
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'whole' }));
    expect(got).toMatchObject({ ETag: done.ETag, Metadata: { a: 'b' } });
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat(bodies))).toBe(true);
    expect(await refusal(complete('whole', UploadId, parts))).toBe('NoSuchUpload');
  });

  it('is read by ranges that cross its parts', async () => {
    const bodies = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(10)];
    const UploadId = await begin('ranges');
    const parts: CompletedPart[] = [];
    for (const [i, body] of bodies.entries()) parts.push(await uploadPart('ranges', UploadId, i + 1, body));
    await complete('ranges', UploadId, parts);
    const whole = Buffer.concat(bodies);
    const edge = 5 * MIB;
    for (const [first, last] of [
      [edge - 1, edge],
      [edge, edge],
      [edge - 5, 2 * edge + 5],
      [2 * edge - 1, 2 * edge + 9],
    ]) {
      const Range = `bytes=${first}-${last}`;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'ranges', Range }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      expect(bytes.equals(whole.subarray(first, last + 1)), Range).toBe(true);
    }
  });

  it('is refused with parts too small, missing, in disorder or with another ETag, and can then be mended', async () => {
    const UploadId = await begin('faulty');
    const small = await uploadPart('faulty', UploadId, 1, Buffer.from('small'));
    const two = await uploadPart('faulty', UploadId, 2, randomBytes(5 * MIB));
    expect(await refusal(complete('faulty', UploadId, [small, two]))).toBe('EntityTooSmall');
    expect(await refusal(complete('faulty', UploadId, [two, small]))).toBe('InvalidPartOrder');
    expect(await refusal(complete('faulty', UploadId, [two, { ...two, PartNumber: 3 }]))).toBe('InvalidPart');
    expect(await refusal(complete('faulty', UploadId, [{ ...two, ETag: small.ETag }]))).toBe('InvalidPart');
    expect(await refusal(complete('faulty', UploadId, []))).toBe('MalformedXML');
    expect(await refusal(complete('other-key', UploadId, [two]))).toBe('NoSuchUpload');
    expect(await refusal(uploadPart('faulty', UploadId, 10_001, Buffer.from('x')))).toBe('InvalidArgument');
    expect(await refusal(complete('faulty', UploadId, [two]))).toBe('not refused');
  });

  it('keeps to If-None-Match when it is completed', async () => {
    const UploadId = await begin('taken');
    const part = await uploadPart('taken', UploadId, 1, Buffer.from('x'));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'taken', Body: 'first' }));
    expect(await refusal(complete('taken', UploadId, [part], { IfNoneMatch: '*' }))).toBe('PreconditionFailed');
  });

  it('takes ranges of other objects as parts', async () => {
    const body = randomBytes(6 * MIB);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from', Body: body }));
    const UploadId = await begin('to');
    const copy = async (PartNumber: number, CopySourceRange: string): Promise<CompletedPart> => {
      const command = { Bucket, Key: 'to', UploadId, PartNumber, CopySource: `${Bucket}/from`, CopySourceRange };
      return { PartNumber, ETag: (await s3.send(new UploadPartCopyCommand(command))).CopyPartResult?.ETag };
    };
    const parts = [await copy(1, `bytes=0-${5 * MIB - 1}`), await copy(2, `bytes=${5 * MIB}-${6 * MIB - 1}`)];
    await complete('to', UploadId, parts);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'to' }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  it('lists its parts page by page, with their checksums', async () => {
    const UploadId = await begin('parts');
    for (const n of [3, 1, 10, 2]) await uploadPart('parts', UploadId, n, Buffer.alloc(n));
    const listed: (number | undefined)[] = [];
    let marker: string | undefined;
    do {
      const page = await s3.send(
        new ListPartsCommand({ Bucket, Key: 'parts', UploadId, MaxParts: 3, PartNumberMarker: marker }),
      );
      listed.push(...(page.Parts ?? []).map((part) => part.Size));
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    expect(listed).toEqual([1, 2, 3, 10]);
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'parts', UploadId }));
    expect(await refusal(uploadPart('parts', UploadId, 1, Buffer.alloc(1)))).toBe('NoSuchUpload');
  });

  it('is listed by key and age until it ends', async () => {
    const ids = [await begin('list/b'), await begin('list/a'), await begin('list/b'), await begin('list/c')];
    const listed: (string | undefined)[] = [];
    let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (marker !== undefined) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
        Bucket,
        Prefix: 'list/',
        MaxUploads: 1,
        ...marker,
      });
      const page = await s3.send(command);
      listed.push(...(page.Uploads ?? []).map((upload) => upload.UploadId));
      marker = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : undefined;
    }
    expect(listed).toEqual([ids[1], ids[0], ids[2], ids[3]]);
  });
});
