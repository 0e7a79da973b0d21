import { describe, expect, test } from 'vitest';
import type { DynaferryError } from '../../src/model/errors.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { listUploads } from '../../src/s3/list-uploads.ts';
import { AnsweringService } from '../aws/answers.ts';
import { siteAt } from '../aws/site-at.ts';

const retry = { attemptsMax: 9, delayMsBase: 0, delayMsMax: 0 };

/** What becomes of work on a bucket that gives the answers one after the other, the last one again and again; with what was asked, and retries heard of. */
async function answered<T>(answers: readonly string[], work: (bucket: S3Bucket) => Promise<T>) {
  await using service = await new AnsweringService((_, nth) => ({
    status: 200,
    body: answers[Math.min(nth, answers.length) - 1],
  })).start();
  const retries: string[] = [];
  const onRetry = ({ code }: DynaferryError): void => void retries.push(code);
  const bucket = new S3Bucket(siteAt(service.endpoint), 'bucket', { retry, onRetry });
  const outcome = await work(bucket).catch((error: unknown) => error);
  await bucket.close();
  return { outcome, asked: service.asked.length, retries };
}

const failed = expect.objectContaining({ code: 'SERVICE_FAILED' }) as object;

describe('a page of a listing that arrives damaged', () => {
  const page = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
  const list = (bucket: S3Bucket) => bucket.listPage('p/', { token: 'sent' });

  test.each([
    ['is no XML', '<html>'],
    ['breaks off', page.slice(0, -5)],
    ['has another number of keys', page.replace('<Is', '<KeyCount>1</KeyCount><Is')],
    [
      'leads to itself',
      page.replace('false</IsTruncated>', 'true</IsTruncated><NextContinuationToken>sent</NextContinuationToken>'),
    ],
  ])('is asked for again: %s', async (_, damaged) => {
    expect(await answered([damaged, damaged, page], list)).toEqual({
      outcome: expect.objectContaining({ token: undefined }) as object,
      asked: 3,
      retries: ['SERVICE_FAILED', 'SERVICE_FAILED'],
    });
  });

  test('is given up where it comes so each time', async () => {
    const { outcome, asked } = await answered(['<html>'], list);
    expect(outcome).toEqual(failed);
    expect(asked).toBe(6);
  });
});

async function allOf(bucket: S3Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listUploads(bucket, 'p/')) keys.push(key);
  return keys;
}

describe('a listing that does not go on ends', () => {
  const truncated = (root: string, next: string): string => `<${root}><IsTruncated>true</IsTruncated>${next}</${root}>`;

  test.each(['', '<NextPartNumberMarker>2</NextPartNumberMarker>'])('of parts: %s', async (next) => {
    const page = truncated('ListPartsResult', next);
    const { outcome, asked } = await answered([page], (bucket) => bucket.listParts('k', 'u'));
    expect(outcome).toEqual(failed);
    expect(asked).toBe(next === '' ? 1 : 2);
  });

  test.each(['', '<NextContinuationToken>t</NextContinuationToken>'])('of folders: %s', async (next) => {
    const page = truncated('ListBucketResult', next);
    const { outcome, asked } = await answered([page], (bucket) => bucket.listFolders('p/'));
    expect(outcome).toEqual(failed);
    expect(asked).toBe(next === '' ? 1 : 2);
  });

  test.each(['', '<NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>'])(
    'of uploads: %s',
    async (next) => {
      const page = truncated('ListMultipartUploadsResult', next);
      const { outcome, asked } = await answered([page], allOf);
      expect(outcome).toEqual(failed);
      expect(asked).toBe(next === '' ? 1 : 2);
    },
  );
});
