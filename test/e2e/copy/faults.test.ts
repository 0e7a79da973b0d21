import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { seededBody, type CopyObject } from '../../world/copy-objects.ts';
import type { FaultRule, PlainFault } from '../../world/fault.ts';
import { useWorld } from '../../world/use-world.ts';
import {
  CopyScenario,
  digestOf,
  expectCopied,
  expectCopyFailure,
  MIB,
  summaryOf,
  type SeenCopyRequest,
} from './copy-scenario.ts';

const world = await useWorld('s3');

/** Each content in the form that the source's ETag has: of the whole, of parts of a size that is found, of parts of one that is not. */
const objects: CopyObject[] = [
  ...Array.from({ length: 24 }, (_, i): CopyObject => ({ key: `small/${i}`, sizeBytes: 1 + i * 4000 })),
  { key: 'empty', sizeBytes: 0 },
  { key: 'whole/9 MiB', sizeBytes: 9 * MIB, tags: { a: 'b' } },
  { key: 'whole/17 MiB', sizeBytes: 17 * MIB },
  { key: 'parts/usual', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
  { key: 'parts/unusual', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB + 4321 },
];

const contents = new Map(
  objects.map(({ key, seed = key, sizeBytes }) => [key, digestOf(seededBody(seed, sizeBytes))] as const),
);
const isRight = (key: string, sha256: string): boolean => contents.get(key) === sha256;

const some = (probability: number, ...kinds: PlainFault[]): FaultRule[] =>
  kinds.map((kind) => ({ fault: { kind }, probability }));

/** Only of objects: what a listing says has no checksum. */
const damaged = (at: number[], path: RegExp): FaultRule => ({
  fault: { kind: 'corrupt' },
  operations: ['GetObject'],
  path,
  at,
});

interface FaultCase {
  what: string;
  source: FaultRule[];
  target: FaultRule[];
}

const cases: FaultCase[] = [
  {
    what: 'connections that are reset, before the effect, after it and half-way',
    source: some(0.1, 'reset-before', 'reset-after', 'truncate'),
    target: some(0.07, 'reset-before', 'reset-after', 'reset-during-upload', 'truncate'),
  },
  {
    what: 'services that fail and ask to slow down in bursts',
    source: [...some(0.05, 'server-error'), { fault: { kind: 'throttle' }, probability: 0.03, burst: 3 }],
    target: [
      ...some(0.05, 'server-error'),
      { fault: { kind: 'throttle' }, probability: 0.03, burst: 3 },
      { fault: { kind: 'error-in-200' }, operations: ['CompleteMultipartUpload'], at: [1, 2, 4] },
    ],
  },
  {
    what: 'bodies with another byte in them, and requests that arrive with one',
    source: [
      damaged([2, 5, 9], /\/small\//),
      damaged([1, 3], /\/whole\//),
      damaged([1, 4], /\/parts\/usual/),
      damaged([1, 4, 8], /\/parts\/unusual/),
    ],
    target: [
      { fault: { kind: 'corrupt-request' }, operations: ['PutObject'], at: [2, 3, 9] },
      { fault: { kind: 'corrupt-request' }, operations: ['UploadPart'], at: [1, 5, 6] },
      { fault: { kind: 'corrupt-request' }, operations: ['CompleteMultipartUpload'], at: [1] },
    ],
  },
  {
    what: 'answers that are lost after every effect on a whole object',
    source: [],
    target: [
      { fault: { kind: 'reset-after' }, operations: ['CompleteMultipartUpload'], at: [1, 2, 3] },
      { fault: { kind: 'reset-after' }, operations: ['PutObject'], at: [1, 3, 5, 7, 9, 11] },
      { fault: { kind: 'reset-after' }, operations: ['UploadPart', 'AbortMultipartUpload'], at: [1, 2] },
    ],
  },
  {
    what: 'bodies that stall or crawl',
    source: [
      { fault: { kind: 'stall' }, operations: ['GetObject'], path: /\/whole\//, at: [1] },
      { fault: { kind: 'slow-body', bytesPerSecond: 300 }, operations: ['GetObject'], path: /\/parts\//, at: [2] },
      { fault: { kind: 'slow-body', bytesPerSecond: 40_000 }, operations: ['GetObject'], path: /\/small\//, at: [5] },
      { fault: { kind: 'latency', delayMs: 200 }, probability: 0.1 },
    ],
    target: [{ fault: { kind: 'latency', delayMs: 200 }, probability: 0.1 }],
  },
];

describe.each(cases.map((one, index) => ({ ...one, seed: index + 1 })))('$what (seed $seed)', (one) => {
  test('everything arrives, and nothing wrong is ever seen at the target', async () => {
    const { source, target, seed } = one;
    await using scenario = await CopyScenario.create(world, { rules: { source, target }, seed });
    await scenario.fill('source', objects);
    const { wrong, looks } = scenario.watchTarget(isRight);
    const summary = expectCopied(await scenario.run(), { listed: objects.length, copied: objects.length });
    expect(wrong).toEqual([]);
    expect(looks()).toBeGreaterThanOrEqual(objects.length);
    const { proxies } = scenario;
    expect(proxies.source.plan.injected() + proxies.target.plan.injected()).toBeGreaterThan(5);
    expect(summary.bytes).toBe(objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    const compared = await scenario.compare();
    expect(compared).toMatchObject({ equal: objects.length, missing: [], different: [], extra: [] });
    await expectOnlyEmptyUploads(scenario);
  });
});

/** Where the answer to the request is lost that begins an upload, nobody knows of the first one any more. */
async function expectOnlyEmptyUploads(scenario: CopyScenario): Promise<void> {
  const stale = await scenario.run(['--abort-stale', '0s']);
  expect(stale.events.at(-1)).toMatchObject({ type: 'stale-uploads' });
  expect(await scenario.unfinishedUploads()).toEqual([]);
}

test('an object that always arrives damaged is not at the target: the others are, and the failure is told (exit code 8)', async () => {
  const source: FaultRule[] = [
    { fault: { kind: 'corrupt' }, operations: ['GetObject'], path: /\/small\/3(\?|$)/ },
    { fault: { kind: 'corrupt' }, operations: ['GetObject'], path: /\/parts\/unusual/ },
    { fault: { kind: 'corrupt' }, operations: ['GetObject'], path: /\/parts\/usual/ },
  ];
  await using scenario = await CopyScenario.create(world, { rules: { source }, seed: 9 });
  await scenario.fill('source', objects);
  const { wrong } = scenario.watchTarget(isRight);
  const result = await scenario.run();
  expectCopyFailure(result, 8, 'OBJECTS_FAILED');
  expect(summaryOf(result)).toMatchObject({ failed: 3, copied: objects.length - 3 });
  expect(wrong).toEqual([]);
  const bad = ['parts/unusual', 'parts/usual', 'small/3'];
  const failed = scenario.failed();
  expect(failed.map(({ key }) => key).toSorted()).toEqual(bad);
  for (const { code, reason } of failed) expect(`${code} ${reason}`).toMatch(/^(DATA_DAMAGED|INTERRUPTED_NETWORK) \S/);
  expect((await scenario.compare()).missing.toSorted()).toEqual(bad);

  // Without the fault it goes well.
  scenario.proxies.source.plan.replaceRules([]);
  expectCopied(await scenario.run(['--retry-failed']), { listed: 3, copied: 3 });
  await scenario.expectEqual(objects.length);
});

test('what no ETag protects and no TLS is read until it comes twice as it is', async () => {
  const source = [damaged([1, 9], /\/one-part/)];
  await using scenario = await CopyScenario.create(world, { rules: { source }, seed: 11 });
  // Its one part is more than memory holds of one, so that its ETag cannot be had at the target.
  scenario.yaml['limits'] = { memory: '64 MiB' };
  await scenario.fill('source', [{ key: 'one-part', sizeBytes: 17 * MIB, partSizeBytes: 17 * MIB }]);
  expectCopied(await scenario.run(), { copied: 1 });
  expect(scenario.proxies.source.plan.injected('corrupt')).toBe(2);
  await scenario.expectEqual(1);
});

test('parts of a size that nobody can guess are sent once more, not again and again', async () => {
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', [{ key: 'a', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB + 4321 }]);
  expectCopied(await scenario.run(), { copied: 1 });
  expect(scenario.proxies.target.requests('UploadPart')).toBe(6);
  await scenario.expectEqual(1);
});

interface ChangeCase {
  what: string;
  object: CopyObject;
  /** Which of the requests that read its content finds another version. */
  read: number;
  /** Of the other version. */
  nextBytes: number;
}

const changes: ChangeCase[] = [
  { what: 'whole', object: { key: 'a', sizeBytes: 9 * MIB }, read: 1, nextBytes: 9 * MIB },
  { what: 'whole, read in pieces', object: { key: 'a', sizeBytes: 12 * MIB }, read: 2, nextBytes: 12 * MIB },
  { what: 'plain and large', object: { key: 'a', sizeBytes: 17 * MIB }, read: 3, nextBytes: 17 * MIB },
  {
    what: 'in parts',
    object: { key: 'a', sizeBytes: 16 * MIB, partSizeBytes: 5 * MIB },
    read: 4,
    nextBytes: 17 * MIB,
  },
  {
    what: 'in parts, at the last one',
    object: { key: 'a', sizeBytes: 11 * MIB, partSizeBytes: 5 * MIB },
    read: 8,
    nextBytes: 6 * MIB,
  },
];

const isRead = ({ site, operation, moment, key }: SeenCopyRequest): boolean =>
  site === 'source' && operation === 'GetObject' && moment === 'arrived' && key === 'a';

test.each(changes)('an object ($what) that is replaced while it is read arrives in one version, whole', async (one) => {
  const { object, read, nextBytes } = one;
  await using scenario = await CopyScenario.create(world);
  await scenario.fill('source', [object, { key: 'b', sizeBytes: 10 }]);
  const next = seededBody('next', nextBytes);
  const versions = [digestOf(seededBody('a', object.sizeBytes)), digestOf(next)];
  let reads = 0;
  scenario.listeners.add(async (seen) => {
    if (!isRead(seen) || ++reads !== read) return;
    const at = { Bucket: scenario.buckets.source, Key: 'a' };
    await world.source.s3.send(new PutObjectCommand({ ...at, Body: next }));
  });
  const { wrong } = scenario.watchTarget((key, sha256) => key === 'b' || versions.includes(sha256));
  expectCopied(await scenario.run(), { listed: 2, copied: 2 });
  expect(reads).toBeGreaterThanOrEqual(read);
  expect(wrong).toEqual([]);
  // Whichever it was: the next run has the last word.
  expectCopied(await scenario.run(), { listed: 2 });
  await scenario.expectEqual(2);
});

test.each(changes.slice(1))(
  'an object ($what) that is deleted while it is read counts as vanished',
  async ({ object, read }) => {
    await using scenario = await CopyScenario.create(world);
    await scenario.fill('source', [object, { key: 'b', sizeBytes: 10 }]);
    let reads = 0;
    scenario.listeners.add(async (seen) => {
      if (!isRead(seen) || ++reads !== read) return;
      await world.source.s3.send(new DeleteObjectCommand({ Bucket: scenario.buckets.source, Key: 'a' }));
    });
    expectCopied(await scenario.run(), { listed: 2, vanished: 1, copied: 1 });
    await scenario.expectEqual(1);
  },
);
