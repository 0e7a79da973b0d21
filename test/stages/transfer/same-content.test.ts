import { describe, expect, test } from 'vitest';
import { sameContent } from '../../../src/stages/transfer/same-content.ts';
import { seededBody } from '../../world/copy-objects.ts';
import { MemoryBucket, memoryLink, partsEtag, wholeEtag, type MemoryObject } from './memory-link.ts';

const MIB = 2 ** 20;

interface Compared {
  same: boolean;
  readsSource: boolean;
  readsTarget: boolean;
}

async function compare(here: MemoryObject, there: MemoryObject, recordedPartBytes = 0): Promise<Compared> {
  const source = new MemoryBucket();
  const target = new MemoryBucket();
  source.set('k', here);
  target.set('k', there);
  const headers = there.headers ?? {};
  const object = { ...target.listed('k'), headers };
  const same = await sameContent(memoryLink(source, target), source.listed('k'), object, recordedPartBytes);
  return { same, readsSource: source.reads.length > 0, readsTarget: target.reads.length > 0 };
}

const body = seededBody('content', 17 * MIB + 5);
const other = Buffer.from(body);
other[other.length - 1] ^= 1;
const opaque = { body, etag: '"opaque"' };
const reads = { same: true, readsSource: true, readsTarget: false };

describe('the same content is known', () => {
  test('by the MD5 of the whole, reading the source alone', async () => {
    expect(await compare(opaque, { body, etag: wholeEtag(body) })).toEqual(reads);
  });

  test.each([5, 6, 7, 8, 16, 20])('by the ETag of usual parts (%d MiB), reading the source alone', async (mib) => {
    expect(await compare(opaque, { body, etag: partsEtag(body, mib * MIB) })).toEqual(reads);
  });

  test('by the ETag of parts of any size that is recorded, reading the source alone', async () => {
    expect(await compare(opaque, { body, etag: partsEtag(body, 5_555_555) }, 5_555_555)).toEqual(reads);
  });

  test('by reading both where the ETag cannot be computed', async () => {
    const both = { same: true, readsSource: true, readsTarget: true };
    expect(await compare(opaque, { body, etag: partsEtag(body, 5_555_555) })).toEqual(both);
    expect(await compare(opaque, { body, etag: '"0123"' })).toEqual(both);
    const kms = { 'x-amz-server-side-encryption': 'aws:kms' };
    expect(await compare(opaque, { body, etag: wholeEtag(other), headers: kms })).toEqual(both);
  });

  test('of empty objects', async () => {
    const empty = Buffer.alloc(0);
    expect((await compare({ body: empty, etag: '"x"' }, { body: empty, etag: wholeEtag(empty) })).same).toBe(true);
    expect((await compare({ body: empty, etag: '"x"' }, { body: empty, etag: partsEtag(empty, 5 * MIB) })).same).toBe(
      true,
    );
  });
});

test.each([
  { what: 'an MD5', etag: wholeEtag(other), recorded: 0 },
  { what: 'parts', etag: partsEtag(other, 8 * MIB), recorded: 0 },
  { what: 'recorded parts', etag: partsEtag(other, 5_555_555), recorded: 5_555_555 },
  { what: 'a wrong record', etag: partsEtag(other, 8 * MIB), recorded: 5_555_555 },
  { what: 'nothing', etag: '"opaque"', recorded: 0 },
])('content that differs in its last bit is different, by $what', async ({ etag, recorded }) => {
  expect((await compare(opaque, { body: other, etag }, recorded)).same).toBe(false);
});
