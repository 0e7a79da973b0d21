import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decodeBuckets, encodeBuckets } from '../../../src/stages/verify/bucket-object.ts';
import { decodeDigests, encodeDigests } from '../../../src/stages/verify/digest-object.ts';
import { computeSideDigests } from '../../../src/stages/verify/digest-pass.ts';
import { compareDigests, factsOf, type SideDigests } from '../../../src/stages/verify/side-digests.ts';
import { SourceReader, TargetReader } from '../../../src/stages/verify/side-reader.ts';
import { answerBuckets, verifyWithPairs } from '../../../src/stages/verify/split.ts';
import { verify } from '../../../src/stages/verify/verify.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryItems } from './memory-items.ts';
import { newFolder, settingsOf, side } from './setup.ts';

const policy = await policyOf({ filter: "country = 'China'", attributes: { canary: 'drop' } });
const keySchema = { partition: { name: 'PK', type: 'S' } } as const;
const subject = { policyHash: policy.hash, keySchema, ignore: [] };
const facts = factsOf(subject);

const item = (i: number, country: string, more = ''): string =>
  `{"PK":{"S":"key ${i}"},"country":{"S":"${country}"}${more}}`;
const all = Array.from({ length: 5000 }, (_, i) => i);
const sourceItems = all.map((i) => item(i, i % 2 === 0 ? 'China' : 'canary-land', ',"canary":{"S":"canary"}'));
/** Two missing, one extra, one different. */
const targetItems = all
  .filter((i) => i % 2 === 0 && i !== 10 && i !== 2000)
  .map((i) => item(i, 'China', i === 100 ? ',"x":{"NULL":true}' : ''))
  .concat(item(10001, 'China'));

const source = { ...side(new MemoryItems(sourceItems, { pageItems: 500 }), 'source'), policy, keySchema };
const target = side(new MemoryItems(targetItems, { pageItems: 500 }), 'target');

async function digestsAt(name: 'source' | 'target', folder: string): Promise<SideDigests> {
  const atSource = name === 'source';
  const reader = atSource ? new SourceReader(policy, keySchema, subject) : new TargetReader(subject);
  const itemsEstimate = atSource ? sourceItems.length : targetItems.length;
  return computeSideDigests(name, atSource ? source : target, reader, subject, {
    file: join(folder, 'digests'),
    itemsEstimate,
    nowMs: () => 0,
  });
}

test('two sites that exchange digests, buckets and pairs find what one process finds', async () => {
  const [atSource, atTarget] = [newFolder(), newFolder()];
  const digestObject = await encodeDigests(await digestsAt('source', atSource));
  const digests = { source: await decodeDigests(digestObject, 'it'), target: await digestsAt('target', atTarget) };
  const comparison = compareDigests(digests.source, digests.target);
  const bucketObject = await encodeBuckets(facts, comparison.differing);

  const asked = await decodeBuckets(bucketObject, facts, 'it');
  const answer = join(atSource, 'pairs');
  await answerBuckets(source, subject, asked, atSource, answer);
  expect(statSync(answer).mode & 0o777).toBe(0o600);
  expect(readdirSync(atSource).sort()).toEqual(['digests', 'pairs']);

  const result = await verifyWithPairs({ subject, target, digests, folder: atTarget }, createReadStream(answer));
  const settings = settingsOf(source.items, target.items, { subject });
  const together = await verify({ ...settings, source });
  const { differences, differencesFile: _, buckets: __, bucketsDiffering: ___, ...counts } = result;
  expect(together).toMatchObject(counts);
  expect(counts).toMatchObject({
    equal: 2497,
    missing: 2,
    extra: 1,
    different: 1,
    itemsSource: 2500,
    itemsTarget: 2499,
  });
  const kept = (list: typeof differences): string[] => list.map(({ kind, keyHash }) => `${kind} ${keyHash}`).sort();
  expect(kept(differences)).toEqual(kept(together.differences));
  const keyOf = (kind: string): string | undefined => differences.find((one) => one.kind === kind)?.key;
  expect([keyOf('missing'), keyOf('extra'), keyOf('different')]).toEqual([
    undefined,
    '{"PK":{"S":"key 10001"}}',
    '{"PK":{"S":"key 100"}}',
  ]);

  for (const crossed of [digestObject, bucketObject, readFileSync(answer)]) {
    const bytes = gunzipSync(crossed).toString('latin1');
    expect(bytes).not.toMatch(/canary|key \d/);
  }
});

test('equal sides need no answer', async () => {
  const folder = newFolder();
  const digests = await digestsAt('target', folder);
  const same = { source: { ...digests, facts: { ...digests.facts, side: 'source' as const } }, target: digests };
  expect(await verifyWithPairs({ subject, target, digests: same, folder }, undefined)).toMatchObject({
    equal: 2499,
    missing: 0,
  });
});

test('bucket and pair objects of something else, or damaged, are refused', async () => {
  const folder = newFolder();
  const digests = { source: await digestsAt('source', newFolder()), target: await digestsAt('target', newFolder()) };
  const { differing } = compareDigests(digests.source, digests.target);
  const other = { ...facts, policyHash: 'another' };
  const object = await encodeBuckets(facts, differing);
  await expect(decodeBuckets(object, other, 'it')).rejects.toMatchObject({ code: 'POLICY_MISMATCH' });
  await expect(decodeBuckets(object.subarray(0, -9), facts, 'it')).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  const short = gzipSync(gunzipSync(object).subarray(0, -1));
  await expect(decodeBuckets(short, facts, 'it')).rejects.toMatchObject({ code: 'DATA_DAMAGED' });

  const answer = join(folder, 'pairs');
  await answerBuckets(source, subject, differing, folder, answer);
  const pairs = readFileSync(answer);
  const plain = gunzipSync(pairs);
  const bodyAt = plain.indexOf('\n') + 1;
  const forOthers = plain.toString('latin1').replace(/"buckets":"[^"]*"/, '"buckets":"12:others"');
  const wrong: [Buffer, string][] = [
    [Buffer.alloc(0), 'DATA_DAMAGED'],
    [Buffer.from('no gzip'), 'DATA_DAMAGED'],
    [pairs.subarray(0, pairs.length - 9), 'DATA_DAMAGED'],
    [gzipSync(plain.subarray(0, -1)), 'DATA_DAMAGED'],
    [gzipSync(plain.subarray(0, bodyAt - 1)), 'DATA_DAMAGED'],
    [gzipSync(Buffer.from(forOthers, 'latin1')), 'DATA_DAMAGED'],
    [gzipSync(Buffer.from(plain.toString('latin1').replace(policy.hash, 'another'), 'latin1')), 'POLICY_MISMATCH'],
  ];
  const settings = { subject, target, digests, folder };
  for (const [bytes, code] of wrong)
    await expect(verifyWithPairs(settings, Readable.from([bytes])), code).rejects.toMatchObject({ code });
  // A good answer after a bad one: what the bad one left is not used.
  expect(await verifyWithPairs(settings, Readable.from([pairs]))).toMatchObject({ missing: 2, extra: 1, different: 1 });
});
