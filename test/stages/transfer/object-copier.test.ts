import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { BufferBudget } from '../../../src/engine/buffer-budget.ts';
import type { ObjectSettings } from '../../../src/stages/transfer/copy-options.ts';
import { ObjectCopier } from '../../../src/stages/transfer/object-copier.ts';
import { sweepUploads } from '../../../src/stages/transfer/upload-record.ts';
import { memoryLink, partsEtag, wholeEtag } from './memory-link.ts';
import { MemoryTarget } from './memory-target.ts';

const MIB = 2 ** 20;
const body = randomBytes(11 * MIB);

/** A source with one object of parts of 5 MiB, and a target. */
function worldOf(s3Url?: string) {
  const source = new MemoryTarget({ s3Url });
  const target = new MemoryTarget({ s3Url });
  source.set('s/big', { body, etag: partsEtag(body, 5 * MIB) });
  const link = memoryLink(source, target);
  const copy = (settings: Partial<ObjectSettings> = {}): Promise<number | undefined> => {
    const options = { link, settings: { tags: 'carry' as const, ...settings }, memoryBytes: 64 * MIB };
    return new ObjectCopier(options).copy(source.listed('s/big'), 't/big', 't/');
  };
  /** Several objects, by one copier. */
  const copier = new ObjectCopier({ link, settings: { tags: 'carry' }, memoryBytes: 64 * MIB });
  const copyAll = (keys: readonly string[]): Promise<(number | undefined)[]> =>
    Promise.all(keys.map((key) => copier.copy(source.listed(`s/${key}`), `t/${key}`, 't/')));
  return { source, target, link, copy, copyAll };
}

test('a bucket that encrypts under KMS by itself is found out before anything is sent', async () => {
  const { target, copy } = worldOf();
  target.isKms = true;
  expect(await copy()).toBe(body.length);
  expect(target.partBytes).toBe(body.length);
  expect(target.uploads.size).toBe(0);
  const { headers, body: there } = target.objects.get('t/big')!;
  expect(there.equals(body)).toBe(true);
  expect(headers).toMatchObject({ 'x-amz-meta-dynaferry-source-etag': partsEtag(body, 5 * MIB).slice(1, -1) });
});

test.each([false, true])(
  'an older object of the same size is not taken for one whose upload is gone (KMS: %s)',
  async (isKms) => {
    const { target, copy } = worldOf();
    target.isKms = isKms;
    await target.put('t/big', Buffer.alloc(body.length));
    const complete = target.completeUpload.bind(target);
    let completions = 0;
    target.completeUpload = async (key, uploadId) => {
      // As a rule of the bucket for unfinished uploads does.
      if (++completions === 1) await target.abortUpload(key, uploadId);
      await complete(key, uploadId);
    };
    expect(await copy()).toBe(body.length);
    expect(completions).toBe(2);
    expect(target.objects.get('t/big')!.body.equals(body)).toBe(true);
  },
);

test.each([false, true])('a lost answer to the completion of an upload costs nothing (KMS: %s)', async (isKms) => {
  const { target, copy } = worldOf();
  target.isKms = isKms;
  const complete = target.completeUpload.bind(target);
  target.completeUpload = async (key, uploadId) => {
    await complete(key, uploadId);
    await complete(key, uploadId);
  };
  expect(await copy()).toBe(body.length);
  expect(target.partBytes).toBe(body.length);
});

/** Stops the copy when two parts are there, as a kill does. */
async function breakOff({ target, copy }: ReturnType<typeof worldOf>): Promise<void> {
  const upload = target.uploadPart.bind(target);
  target.uploadPart = async (key, uploadId, partNumber, part) => {
    if (partNumber === 3) throw new Error('killed');
    return upload(key, uploadId, partNumber, part);
  };
  await expect(copy()).rejects.toThrow('killed');
  target.uploadPart = upload;
}

test('an upload that was begun with other settings is not gone on with', async () => {
  const world = worldOf();
  await breakOff(world);
  expect(await world.copy({ encryption: { kind: 'AES256' } })).toBe(body.length);
  expect(world.target.objects.get('t/big')!.headers).toMatchObject({ 'x-amz-server-side-encryption': 'AES256' });
  expect(world.target.uploads.size).toBe(0);
});

test('an upload that was begun with the same settings is', async () => {
  const world = worldOf();
  await breakOff(world);
  expect(await world.copy()).toBe(body.length);
  expect(world.target.partBytes).toBe(body.length);
});

test('an upload of another prefix of the same bucket into the same place is left alone', async () => {
  const world = worldOf();
  await breakOff(world);
  await sweepUploads(world.link, [{ source: 'other/', target: 't/' }]);
  expect(world.target.uploads.size).toBe(1);
  await sweepUploads(world.link, [{ source: 's/', target: 't/' }]);
  expect(world.target.uploads.size).toBe(1);
  world.source.objects.clear();
  await sweepUploads(world.link, [{ source: 's/', target: 't/' }]);
  expect(world.target.uploads.size).toBe(0);
});

test('an upload of a version that is there already is aborted, and its record removed', async () => {
  const world = worldOf();
  await breakOff(world);
  world.target.set('t/big', world.source.objects.get('s/big')!);
  await sweepUploads(world.link, [{ source: 's/', target: 't/' }]);
  expect(world.target.uploads.size).toBe(0);
  expect([...world.target.objects.keys()]).toEqual(['t/big']);
});

test('an object that another machine makes of the upload meanwhile is not sent again', async () => {
  const { source, target, copy } = worldOf();
  const upload = target.uploadPart.bind(target);
  let isMade = false;
  target.uploadPart = async (key, uploadId, partNumber, part) => {
    if (partNumber === 3 && !isMade) {
      isMade = true;
      target.set('t/big', source.objects.get('s/big')!);
      await target.abortUpload(key, uploadId);
    }
    return upload(key, uploadId, partNumber, part);
  };
  expect(await copy()).toBe(body.length);
  expect(target.partBytes).toBeLessThan(body.length);
});

test('over TLS a wrong guess of the size of the parts costs one more reading, and not two', async () => {
  const { source, target, copy } = worldOf();
  let bytes = 0;
  const get = source.get.bind(source);
  source.get = async (key, options) => {
    const answer = await get(key, options);
    bytes += answer.body.length;
    return answer;
  };
  // Two parts are guessed to be of 8 MiB, which more programs use.
  source.set('s/big', { body, etag: partsEtag(body, 6 * MIB) });
  expect(await copy()).toBe(body.length);
  expect(bytes).toBe(2 * body.length);
  expect(target.objects.get('t/big')!.body.equals(body)).toBe(true);
});

test.each([
  ['whole', 'opaque', {}],
  ['whole, encrypted under KMS', 'md5', { 'x-amz-server-side-encryption': 'aws:kms' }],
  ['in parts', 'parts', { 'x-amz-server-side-encryption': 'aws:kms' }],
])(
  'memory has room for both readings that are compared, of as many objects as it may: %s',
  async (_, form, headers) => {
    const { source, target, link, copyAll } = worldOf('http://memory');
    const small = body.subarray(0, 6 * MIB);
    const etag = { opaque: '"opaque"', md5: wholeEtag(small), parts: partsEtag(small, 5 * MIB) }[form] ?? '';
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys) source.set(`s/${key}`, { body: small, etag, headers });
    // For one at a time, and not for two halves.
    link.memory = new BufferBudget(13 * MIB);
    const taken: number[] = [];
    const take = link.memory.take.bind(link.memory);
    link.memory.take = async (bytes, signal) => {
      taken.push(bytes);
      return take(bytes, signal);
    };
    expect(await copyAll(keys)).toEqual(keys.map(() => small.length));
    for (const key of keys) expect(target.objects.get(`t/${key}`)!.body.equals(small)).toBe(true);
    const compared = taken.reduce((sum, bytes) => sum + bytes, 0);
    expect(compared).toBeGreaterThanOrEqual(keys.length * 2 * small.length);
  },
);

test.each([1, 2, 3])(
  'over plain HTTP what arrives damaged is read until it comes twice as it is (damage at %i)',
  async (nth) => {
    const { source, target, copyAll } = worldOf('http://memory');
    const small = Buffer.from('the body of an object');
    source.set('s/a', { body: small, etag: '"opaque"' });
    const get = source.get.bind(source);
    let reads = 0;
    source.get = async (key, options) => {
      const answer = await get(key, options);
      return ++reads === nth ? { ...answer, body: Buffer.alloc(answer.body.length) } : answer;
    };
    expect(await copyAll(['a'])).toEqual([small.length]);
    expect(target.objects.get('t/a')!.body.equals(small)).toBe(true);
  },
);

test.each(['http://memory', 'https://memory'])(
  'a target that ignores Content-MD5 keeps nothing damaged (%s)',
  async (s3Url) => {
    const { source, target, copyAll } = worldOf(s3Url);
    target.isKms = true;
    const small = Buffer.from('the body of an object');
    const keys = ['a', 'b'];
    for (const key of keys) source.set(`s/${key}`, { body: small, etag: wholeEtag(small) });
    const get = source.get.bind(source);
    const damaged = new Set(s3Url.startsWith('https:') ? [] : keys.map((key) => `s/${key}`));
    source.get = async (key, options) => {
      const answer = await get(key, options);
      return damaged.delete(key) ? { ...answer, body: Buffer.alloc(answer.body.length) } : answer;
    };
    const isUnsigned: boolean[] = [];
    const put = target.put.bind(target);
    target.put = async (key, sent, options) => {
      if (!key.includes('.dynaferry')) isUnsigned.push(options?.sha256 === 'UNSIGNED-PAYLOAD');
      return put(key, sent, options);
    };
    for (const key of keys) expect(await copyAll([key])).toEqual([small.length]);
    for (const key of keys) expect(target.objects.get(`t/${key}`)!.body.equals(small)).toBe(true);
    // What the first ETag tells is known only afterwards.
    expect(isUnsigned).toEqual(s3Url.startsWith('https:') ? [true, true, true] : [true, false, false]);
  },
);
