import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { siteAt } from '../aws/site-at.ts';
import { useWorld } from '../world/use-world.ts';

const world = await useWorld('s3');
const { source } = world;
const site = siteAt(source.endpoints.s3, { region: source.region, credentials: async () => source.credentials });
const bucket = new S3Bucket(site, await source.createBucket());
afterAll(() => bucket.close());

/** Keys that trip over encoding: in a path, in a query, in a signature, in an XML listing. */
const oddKeys = [
  'plain',
  'a b',
  'a+b',
  'a%20b',
  'a&b=c?d#e',
  'quotes\'"<>',
  'slash//twice',
  'dots/../up',
  'é/中/😀',
  '~-_.!*()',
  'a\\b',
  'line\nfeed',
  '007',
].map((name) => `odd/${name}`);

describe('a bucket', () => {
  it('keeps objects under any key, and lists them in the order of their bytes', async () => {
    for (const key of oddKeys) {
      const body = Buffer.from(`body of ${key}`);
      const etag = await bucket.put(key, body, { metadata: { a: 'x  y' } });
      expect(etag).toBe(`"${createHash('md5').update(body).digest('hex')}"`);
      expect(await bucket.get(key)).toMatchObject({ body, etag, sizeBytes: body.length, metadata: { a: 'x  y' } });
      expect(await bucket.head(key)).toMatchObject({ etag, sizeBytes: body.length, metadata: { a: 'x  y' } });
    }
    const listed: string[] = [];
    for await (const { key } of bucket.list('odd/')) listed.push(key);
    const inOrder = oddKeys.map((key) => Buffer.from(key)).sort((a, b) => Buffer.compare(a, b));
    expect(listed).toEqual(inOrder.map((key) => key.toString()));
    const rest: string[] = [];
    for await (const { key } of bucket.list('odd/', { startAfter: listed[4] })) rest.push(key);
    expect(rest).toEqual(listed.slice(5));
    for (const key of oddKeys) await bucket.delete(key);
    expect((await bucket.list('odd/').next()).done).toBe(true);
  });

  it('reads ranges, of one version only, and empty objects', async () => {
    const etag = await bucket.put('r', Buffer.from('0123456789'));
    expect((await bucket.get('r', { range: { start: 2, end: 5 }, ifMatch: etag })).body.toString()).toBe('234');
    await bucket.put('r', Buffer.from('other'));
    await expect(bucket.get('r', { ifMatch: etag })).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await bucket.put('empty', Buffer.alloc(0));
    expect((await bucket.get('empty')).body.length).toBe(0);
    expect((await bucket.head('empty'))?.sizeBytes).toBe(0);
    expect(await bucket.head('nothing')).toBeUndefined();
    expect(await bucket.find('nothing')).toBeUndefined();
  });

  it('takes a key once where it is to be absent: of ten writers one', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => bucket.put('once', Buffer.from(String(i)), { onlyIfAbsent: true })),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(9);
    for (const { reason } of lost) expect(reason).toMatchObject({ serviceCode: 'PreconditionFailed' });
  });

  it('replaces an object only where it is still the one that was read, and none where there is none', async () => {
    const etag = await bucket.put('replaced', Buffer.from('1'));
    const outcomes = await Promise.allSettled(
      ['2', '3', '4'].map((text) => bucket.put('replaced', Buffer.from(text), { onlyIfMatch: etag })),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(2);
    for (const { reason } of lost) expect(reason).toMatchObject({ serviceCode: 'PreconditionFailed' });
    await expect(bucket.put('nowhere', Buffer.from('1'), { onlyIfMatch: etag })).rejects.toThrow();
    expect(await bucket.head('nowhere')).toBeUndefined();
  });

  it('refuses a body that is not the one that was signed', async () => {
    const sha256 = createHash('sha256').update('other').digest('hex');
    const impatient = new S3Bucket(site, bucket.name, { retry: { attemptsMax: 1, delayMsBase: 0, delayMsMax: 0 } });
    await expect(impatient.put('k', Buffer.from('body'), { sha256 })).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    expect(await bucket.head('k')).toBeUndefined();
    await impatient.close();
  });

  it('takes an object in parts, knows the parts that it has, and forgets an upload that is given up', async () => {
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('end')];
    const { uploadId: id } = await bucket.createUpload('big', { metadata: { m: '1' } });
    const first = await bucket.uploadPart('big', id, 1, parts[0]);
    expect(await bucket.listParts('big', id)).toEqual([{ partNumber: 1, etag: first, sizeBytes: parts[0].length }]);
    const second = await bucket.uploadPart('big', id, 2, parts[1]);
    await bucket.completeUpload('big', id, [
      { partNumber: 1, etag: first },
      { partNumber: 2, etag: second },
    ]);
    expect(await bucket.head('big')).toMatchObject({ sizeBytes: parts[0].length + 3, metadata: { m: '1' } });
    expect(await bucket.listParts('big', id)).toBeUndefined();
    const { uploadId: other } = await bucket.createUpload('big', {});
    await bucket.abortUpload('big', other);
    await bucket.abortUpload('big', other);
    expect(await bucket.listParts('big', other)).toBeUndefined();
  });

  it('names the folders below a prefix', async () => {
    for (const key of ['f/b c/1', 'f/b c/2', 'f/a+/x/y', 'f/file']) await bucket.put(key, Buffer.from('x'));
    expect((await bucket.listFolders('f/')).sort()).toEqual(['a+', 'b c']);
  });

  it('that is not there, or is asked with another site’s key, is told apart, also by a HEAD', async () => {
    const missing = new S3Bucket(site, 'no-such-bucket-4711');
    await expect(missing.check('')).rejects.toMatchObject({ code: 'BUCKET_NOT_FOUND' });
    const stranger = new S3Bucket({ ...site, credentials: async () => world.target.credentials }, bucket.name);
    const asks = [() => stranger.check(''), () => stranger.head('r'), () => stranger.get('r')];
    for (const ask of asks) await expect(ask()).rejects.toMatchObject({ code: 'CREDENTIALS_REJECTED' });
    const wrong = { ...source.credentials, secretAccessKey: 'x'.repeat(20) };
    const forged = new S3Bucket({ ...site, credentials: async () => wrong }, bucket.name);
    await expect(forged.head('r')).rejects.toMatchObject({ code: 'SIGNATURE_REJECTED' });
    await Promise.all([missing.close(), stranger.close(), forged.close()]);
  });
});
