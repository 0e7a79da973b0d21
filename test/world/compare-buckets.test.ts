import { CopyObjectCommand, DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { compareBuckets } from './compare-buckets.ts';
import { fillBucket, seededBody } from './copy-objects.ts';
import type { CopyObject } from './copy-objects.ts';
import { useWorld } from './use-world.ts';

const { source, target } = await useWorld('s3');

const objects: CopyObject[] = [
  { key: 'empty', sizeBytes: 0 },
  { key: 'a//b c+ü%20/', sizeBytes: 100 },
  {
    key: 'all',
    sizeBytes: 10,
    properties: { ContentType: 'text/x-test', CacheControl: 'no-cache', Metadata: { made: 'here' } },
    tags: { kind: 'test' },
  },
  { key: 'parts', sizeBytes: 11 * 1024 * 1024, partSizeBytes: 5 * 1024 * 1024 },
];

async function twoBuckets() {
  const sides = {
    source: { client: source.s3, bucket: await source.createBucket() },
    target: { client: target.s3, bucket: await target.createBucket() },
  };
  for (const { client, bucket } of Object.values(sides)) await fillBucket(client, bucket, objects);
  return sides;
}

test('two buckets that were filled alike are equal, and objects are made of parts where that was asked for', async () => {
  const sides = await twoBuckets();
  expect(await compareBuckets(sides.source, sides.target)).toEqual({ equal: 4, missing: [], extra: [], different: [] });
  const head = new HeadObjectCommand({ Bucket: sides.source.bucket, Key: 'parts' });
  expect((await source.s3.send(head)).ETag).toMatch(/-3"$/);
});

test('what is missing, too much or different is told', async () => {
  const sides = await twoBuckets();
  const Bucket = sides.target.bucket;
  await target.s3.send(new DeleteObjectCommand({ Bucket, Key: 'empty' }));
  await target.s3.send(new PutObjectCommand({ Bucket, Key: 'more', Body: 'x' }));
  const body = seededBody('parts', 11 * 1024 * 1024);
  body[7_000_000] ^= 1;
  // What an upload without a content type gets, which is not what a PUT without one does.
  const put = { Bucket, Key: 'parts', Body: body, ContentType: 'binary/octet-stream' };
  await target.s3.send(new PutObjectCommand(put));
  const changed = { ContentType: 'text/x-test', CacheControl: 'no-cache', Metadata: { made: 'there' } };
  await target.s3.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'all',
      CopySource: `${Bucket}/all`,
      MetadataDirective: 'REPLACE',
      ...changed,
    }),
  );
  const found = await compareBuckets(sides.source, sides.target);
  expect(found).toMatchObject({ equal: 1, missing: ['empty'], extra: ['more'] });
  expect(found.different).toContain('all: metadata.made: here there');
  expect(found.different.filter((text) => text.startsWith('parts: '))).toEqual([
    expect.stringMatching(/^parts: sha256: /),
  ]);
  const excused = await compareBuckets(sides.source, sides.target, { except: ['metadata.made'] });
  expect(excused.different).not.toContain('all: metadata.made: here there');
});
