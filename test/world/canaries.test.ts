import { PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { searchForCanaries } from './canaries.ts';
import { newFolder } from './home.ts';
import { useWorld } from './use-world.ts';

const canary = 'Čánary/7f"31';
const { source } = await useWorld('s3');

const twoMembers = Buffer.concat([gzipSync('first'), gzipSync(`second ${canary}`)]);

describe('a canary is found', () => {
  test.each([
    ['in text', `… ${canary} …`],
    ['in JSON', JSON.stringify({ a: canary })],
    ['in JSON with escapes', '{"a":"\\u010c\\u00e1nary/7f\\"31"}'],
    ['in base64', Buffer.from(`${canary} and more`).toString('base64')],
    ['in base64, not at its start', Buffer.from(`x${canary}`).toString('base64')],
    ['in base64, at its third position', Buffer.from(`xx${canary}yy`).toString('base64')],
    ['in hex', Buffer.from(canary).toString('hex')],
    ['in gzip', gzipSync(canary)],
    ['in the second member of a gzip', twoMembers],
    ['in gzip in zstd', zstdCompressSync(gzipSync(canary))],
    ['in a gzip that is cut off', gzipSync(canary + 'x'.repeat(50)).subarray(0, -9)],
    ['in a URL', `/a/${encodeURIComponent(canary)}`],
  ])('%s', async (_, bytes) => {
    expect(await searchForCanaries([{ name: 'it', bytes }], [canary, 'another one'])).toMatchObject([{ canary }]);
  });

  test('in a file below a folder, and in the name of another', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'a'));
    writeFileSync(join(folder, 'a', 'ledger.db'), `\0\0${canary}`);
    writeFileSync(join(folder, 'a', 'secret-name'), '');
    const findings = await searchForCanaries([{ folder }], [canary, 'secret-name']);
    expect(findings).toEqual([
      { canary, where: `${join(folder, 'a', 'ledger.db')} content` },
      { canary: 'secret-name', where: `${join(folder, 'a', 'secret-name')} name` },
    ]);
  });

  test("in an object's key, metadata and compressed content", async () => {
    const Bucket = await source.createBucket();
    const put = (Key: string, Body: Buffer | string, Metadata = {}) =>
      source.s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }));
    await put('1/needle-1', 'clean');
    await put('2', 'clean', { reason: 'needle-2' });
    await put('3', gzipSync('needle-3'));
    const needles = ['needle-1', 'needle-2', 'needle-3'];
    expect(await searchForCanaries([{ bucket: Bucket, s3: source.s3 }], needles)).toEqual([
      { canary: 'needle-1', where: `s3://${Bucket}/1/needle-1 key` },
      { canary: 'needle-2', where: `s3://${Bucket}/2 metadata` },
      { canary: 'needle-3', where: `s3://${Bucket}/3 decompressed content` },
    ]);
  });
});

test('nothing is found where nothing is', async () => {
  const places = [{ name: 'it', bytes: gzipSync('harmless') }];
  expect(await searchForCanaries(places, [canary])).toEqual([]);
});
