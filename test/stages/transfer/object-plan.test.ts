import { describe, expect, it } from 'vitest';
import { planObject, type PlanOptions } from '../../../src/stages/transfer/object-plan.ts';

const MiB = 1024 * 1024;
const md5 = '"0123456789abcdef0123456789abcdef"';
const plain: PlanOptions = {
  headers: {},
  targetTellsDigest: true,
  isTls: false,
  isDoubted: false,
  isGuessWrong: false,
  partSizeBytesMax: 128 * MiB,
  partSizeBytesFast: Infinity,
};
const kms = { 'x-amz-server-side-encryption': 'aws:kms' };
const version = (etag: string, sizeBytes = 100 * MiB) => ({ key: 'k', etag, sizeBytes });
const parts = (count: number): string => `${md5.slice(0, -1)}-${count}"`;

describe('how an object is carried', () => {
  it('keeps the parts of the source, so that both ETags are one', () => {
    expect(planObject(version(parts(13)), plain)).toEqual({ partSizeBytes: 8 * MiB, check: 'etag' });
    expect(planObject(version(parts(13)), { ...plain, isTls: true })).toEqual({
      partSizeBytes: 8 * MiB,
      check: 'etag',
    });
  });

  it('believes AWS about the size of the parts', () => {
    const headers = { 'x-amz-mp-parts-count': '14', 'content-length': String(8_000_000) };
    expect(planObject(version(parts(14)), { ...plain, headers })).toEqual({ partSizeBytes: 8_000_000, check: 'etag' });
  });

  it('does not keep parts of several sizes, of which AWS tells the first', () => {
    const headers = { 'x-amz-mp-parts-count': '4', 'content-length': String(5 * MiB) };
    expect(planObject(version(parts(4)), { ...plain, headers, isTls: true })).toEqual({
      partSizeBytes: 5 * MiB,
      check: 'tls',
    });
  });

  it('cuts in its own way what has parts that memory does not hold, or is not to be compared', () => {
    expect(planObject(version(parts(2), 1000 * MiB), plain)).toEqual({ partSizeBytes: 5 * MiB, check: 'twice' });
    for (const more of [{ headers: kms }, { targetTellsDigest: false }, { isDoubted: true }])
      expect(planObject(version(parts(13)), { ...plain, ...more })).toEqual({ partSizeBytes: 5 * MiB, check: 'twice' });
  });

  it('cuts as small as may be where one connection would take too long for a part of the source', () => {
    const slow = { ...plain, partSizeBytesFast: 8 * MiB - 1 };
    expect(planObject(version(parts(13)), slow)).toEqual({ partSizeBytes: 5 * MiB, check: 'twice' });
    expect(planObject(version(parts(20)), { ...plain, partSizeBytesFast: 1000 })).toEqual({
      partSizeBytes: 5 * MiB,
      check: 'etag',
    });
  });

  it('goes on with the parts of an upload that was begun, whatever the link is like by now', () => {
    const begun = (begunBytes: number, more: Partial<PlanOptions> = {}) =>
      planObject(version(parts(13)), { ...plain, begunBytes, ...more });
    expect(begun(8 * MiB, { partSizeBytesFast: 1000 })).toEqual({ partSizeBytes: 8 * MiB, check: 'etag' });
    expect(begun(5 * MiB)).toEqual({ partSizeBytes: 5 * MiB, check: 'twice' });
    expect(begun(10 * MiB)).toEqual({ partSizeBytes: 10 * MiB, check: 'twice' });
    // What memory does not hold, and what S3 does not take, is begun anew.
    for (const bytes of [256 * MiB, 1000]) expect(begun(bytes)).toEqual({ partSizeBytes: 8 * MiB, check: 'etag' });
  });

  it('digests a whole object where nothing else protects it on its way', () => {
    expect(planObject(version(md5), plain).check).toBe('md5');
    expect(planObject(version(md5), { ...plain, isTls: true }).check).toBe('tls');
    expect(planObject(version(md5), { ...plain, headers: kms }).check).toBe('twice');
  });

  it('guesses the size of parts once; a wrong guess is no damage, so that TLS does', () => {
    const wrong = { ...plain, isGuessWrong: true };
    expect(planObject(version(parts(13)), { ...wrong, isTls: true })).toEqual({ partSizeBytes: 5 * MiB, check: 'tls' });
    expect(planObject(version(parts(13)), wrong)).toEqual({ partSizeBytes: 5 * MiB, check: 'twice' });
  });

  it('reads twice what it doubts, also under TLS', () => {
    expect(planObject(version(md5), { ...plain, isTls: true, isDoubted: true }).check).toBe('twice');
    expect(planObject(version('"opaque"'), plain).check).toBe('twice');
    expect(planObject(version('"opaque"'), { ...plain, isTls: true }).check).toBe('tls');
  });
});
