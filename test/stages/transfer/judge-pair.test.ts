import { describe, expect, test } from 'vitest';
import type { ListedObject } from '../../../src/s3/object-info.ts';
import type { CompareMode } from '../../../src/stages/transfer/copy-options.ts';
import { judgeAsked, judgeListed } from '../../../src/stages/transfer/judge-pair.ts';
import { pageOf } from '../../s3/page-of.ts';
import { MemoryBucket, memoryLink, partsEtag, wholeEtag, type MemoryObject } from './memory-link.ts';

const md5 = '"0123456789abcdef0123456789abcdef"';
const otherMd5 = '"ffffffffffffffffffffffffffffffff"';
const parts = '"0123456789abcdef0123456789abcdef-2"';

const listed = (more: Partial<ListedObject> = {}): ListedObject => ({
  key: 'k',
  sizeBytes: 5,
  etag: md5,
  lastModifiedMs: 1000,
  storageClass: 'STANDARD',
  ...more,
});

describe('by the two listings', () => {
  const larger = { sizeBytes: 6 };
  test.each<[CompareMode, string, Partial<ListedObject>, Partial<ListedObject>, string]>([
    ['missing', 'whatever differs', { etag: otherMd5, ...larger, lastModifiedMs: 9 }, {}, 'same'],
    ['size', 'another size', larger, {}, 'size'],
    ['size', 'another ETag and time', { etag: otherMd5, lastModifiedMs: 9000 }, {}, 'same'],
    ['mtime', 'another size, older', { ...larger, lastModifiedMs: 1 }, {}, 'size'],
    ['mtime', 'a newer source', { lastModifiedMs: 1001 }, {}, 'newer'],
    ['mtime', 'the same time', {}, {}, 'same'],
    ['mtime', 'an older source of another ETag', { lastModifiedMs: 999, etag: otherMd5 }, {}, 'same'],
    ['etag', 'another size', larger, {}, 'size'],
    ['etag', 'the same ETag, one without quotes', { etag: md5.slice(1, -1) }, {}, 'same'],
    ['etag', 'the same ETag of parts', { etag: parts }, { etag: parts }, 'same'],
    ['etag', 'another ETag', { etag: otherMd5 }, {}, 'ask'],
    ['etag', 'no ETags', { etag: '' }, { etag: '' }, 'ask'],
    ['checksum', 'another size', larger, {}, 'size'],
    ['checksum', 'the same ETag', {}, {}, 'same'],
    ['checksum', 'another ETag', { etag: parts }, {}, 'ask'],
  ])('%s: %s', (mode, _what, source, target, verdict) => {
    const [left, right] = [source, target].map((more) => pageOf([listed(more)]).objects[0]);
    expect(judgeListed(left, right, mode)).toBe(verdict);
  });
});

describe('by asking the target', () => {
  const body = Buffer.from('hello');
  const kms = { 'x-amz-server-side-encryption': 'aws:kms' };
  const record = (etag: string): Record<string, string> => ({ 'x-amz-meta-dynaferry-source-etag': etag });

  async function judge(
    sourceEtag: string,
    there: MemoryObject | undefined,
    mode: CompareMode,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const source = new MemoryBucket();
    const target = new MemoryBucket();
    source.set('k', { body, etag: sourceEtag, headers });
    if (there !== undefined) target.set('k', there);
    const etag = there?.etag ?? md5;
    const verdict = await judgeAsked(memoryLink(source, target), source.listed('k'), listed({ etag }), mode);
    const isRead = source.reads.length + target.reads.length > 0;
    return isRead ? `${verdict}, read` : verdict;
  }

  test.each<CompareMode>(['etag', 'checksum'])('%s: what is gone by now is missing', async (mode) => {
    expect(await judge(md5, undefined, mode)).toBe('missing');
  });

  test.each<CompareMode>(['etag', 'checksum'])('%s: the record of the same version is believed', async (mode) => {
    const there = { body, etag: parts, headers: record(md5.slice(1, -1)) };
    expect(await judge(md5, there, mode)).toBe('same');
    // A record of no version says nothing.
    expect(await judge('', { ...there, headers: record('') }, 'etag')).toBe('etag');
  });

  test.each<CompareMode>(['etag', 'checksum'])('%s: two digests that differ are enough', async (mode) => {
    expect(await judge(otherMd5, { body, etag: md5 }, mode)).toBe('etag');
    expect(await judge(otherMd5, { body, etag: md5, headers: record('of another version') }, mode)).toBe('etag');
  });

  test('etag: what cannot be compared counts as different; checksum: it is read', async () => {
    const inParts = { body, etag: partsEtag(body, 5 * 2 ** 20) };
    expect(await judge(wholeEtag(body), inParts, 'etag')).toBe('etag');
    expect(await judge(wholeEtag(body), inParts, 'checksum')).toBe('same, read');
    const another = Buffer.from('hallo');
    const otherParts = { body: another, etag: partsEtag(another, 5 * 2 ** 20) };
    expect(await judge(wholeEtag(body), otherParts, 'checksum')).toBe('checksum, read');
    // Under KMS what looks like a digest is none.
    expect(await judge(wholeEtag(body), { body, etag: otherMd5, headers: kms }, 'etag')).toBe('etag');
    expect(await judge(wholeEtag(body), { body, etag: otherMd5, headers: kms }, 'checksum')).toBe('same, read');
    expect(await judge(otherMd5, { body, etag: wholeEtag(body) }, 'checksum', kms)).toBe('same, read');
  });
});
