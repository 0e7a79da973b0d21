import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileScope } from '../../../src/copy/scope/compile-scope.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import type { CopyDecision } from '../../../src/model/events.ts';
import { CopyMeter } from '../../../src/stages/transfer/copy-meter.ts';
import type { CompareMode, FailedObject } from '../../../src/stages/transfer/copy-options.ts';
import { runCopyStage, type CopyRecords, type CopyStageOptions } from '../../../src/stages/transfer/copy-stage.ts';
import type { Link } from '../../../src/stages/transfer/link.ts';
import { MemoryBucket, memoryLink, partsEtag, wholeEtag } from './memory-link.ts';
import { MemoryTarget } from './memory-target.ts';

class MemoryRecords implements CopyRecords {
  readonly failed: FailedObject[] = [];
  readonly extraKeys: string[] = [];
  before: FailedObject[] = [];
  addFailed(failed: FailedObject): void {
    this.failed.push(failed);
  }
  failedBefore(): Iterable<FailedObject> {
    return this.before;
  }
  addExtra(keys: readonly string[]): void {
    this.extraKeys.push(...keys);
  }
  *extra(keysMax: number): Generator<string[]> {
    for (let at = 0; at < this.extraKeys.length; at += keysMax) yield this.extraKeys.slice(at, at + keysMax);
  }
}

/** What becomes of an object of a test when it is copied. */
type Fate = 'copied' | 'vanished' | 'refused' | 'archived';

interface World {
  link: Link;
  source: MemoryBucket;
  target: MemoryBucket;
  records: MemoryRecords;
  meter: CopyMeter;
  decisions: CopyDecision[];
  run(options?: Partial<CopyStageOptions>): Promise<void>;
}

function worldOf(fates: ReadonlyMap<string, Fate> = new Map()): World {
  const source = new MemoryBucket();
  const target = new MemoryBucket();
  const records = new MemoryRecords();
  const decisions: CopyDecision[] = [];
  const meter = new CopyMeter(
    'c',
    () => undefined,
    () => 0,
  );
  const link = memoryLink(source, target);
  const options: CopyStageOptions = {
    copy: 'c',
    link,
    prefixes: [{ source: 's/', target: 't/' }],
    scope: { includes: ({ key }) => !key.endsWith('x') },
    compare: 'etag',
    dry: false,
    retryFailed: false,
    deleteExtra: false,
    records,
    meter,
    lanes: 3,
    onEvent: (event) => {
      if (event.type === 'copy-object') decisions.push(event);
    },
    copyObject: async ({ key }, targetKey) => {
      await new Promise((done) => setImmediate(done));
      const fate = fates.get(key) ?? 'copied';
      if (fate === 'refused') throw new DynaferryError('REQUEST_REFUSED', 'no');
      if (fate === 'archived') throw new DynaferryError('OBJECT_ARCHIVED', 'no');
      if (fate === 'vanished') return undefined;
      const object = source.objects.get(key)!;
      target.set(targetKey, object);
      return object.body.length;
    },
  };
  return { link, source, target, records, meter, decisions, run: (more = {}) => runCopyStage({ ...options, ...more }) };
}

const names = fc.uniqueArray(
  fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom('a', 'b', '/', 'x', 'é') }),
  {
    maxLength: 14,
  },
);
const one = fc.record({
  here: fc.boolean(),
  there: fc.boolean(),
  form: fc.constantFrom('same', 'other', 'parts', 'recorded', 'larger'),
  fate: fc.constantFrom<Fate>('copied', 'copied', 'vanished', 'refused', 'archived'),
  headFails: fc.boolean(),
});
const modes = fc.constantFrom<CompareMode>('missing', 'size', 'mtime', 'etag', 'checksum');

test('every object of the source is counted once, whatever becomes of it', async () => {
  await fc.assert(
    fc.asyncProperty(names, fc.infiniteStream(one), modes, fc.boolean(), async (keys, stream, compare, dry) => {
      const fates = new Map<string, Fate>();
      const world = worldOf(fates);
      const { source, target, meter, records, decisions } = world;
      const failing = new Set<string>();
      for (const key of keys) {
        const { here, there, form, fate, headFails } = stream.next().value!;
        const body = Buffer.from(`body of ${key}`);
        const otherBody = Buffer.from(form === 'larger' ? 'larger body of another' : `Body of ${key}`);
        if (here) source.set(`s/${key}`, { body, etag: wholeEtag(body) });
        if (here) fates.set(`s/${key}`, fate);
        if (headFails) failing.add(`t/${key}`);
        if (!there) continue;
        const record = { 'x-amz-meta-dynaferry-source-etag': wholeEtag(body).slice(1, -1) };
        const isPart = form === 'parts' || form === 'recorded';
        const etag = isPart ? partsEtag(body, 5 * 2 ** 20) : wholeEtag(form === 'same' ? body : otherBody);
        const content = isPart || form === 'same' ? body : otherBody;
        target.set(`t/${key}`, { body: content, etag, ...(form === 'recorded' && { headers: record }) });
      }
      target.before = (what, key) => {
        if (what === 'head' && failing.has(key)) throw new DynaferryError('REQUEST_REFUSED', 'no');
      };
      const sources = [...source.objects.keys()];
      await world.run({ compare, dry });

      const { counts } = meter;
      const toCopy = counts.objectsTotal - counts.copied - counts.failed - counts.archived - counts.vanished;
      expect(counts.listed).toBe(sources.length);
      expect(counts.excluded).toBe(sources.filter((key) => key.endsWith('x')).length);
      const { excluded, same, copied, failed, archived, vanished } = counts;
      expect(excluded + same + copied + failed + archived + vanished + toCopy).toBe(sources.length);
      expect(toCopy).toBe(dry ? decisions.length : 0);
      expect(records.failed).toHaveLength(failed + archived);
      const wanted = new Set(sources.map((key) => `t/${key.slice(2)}`));
      const extra = [...target.objects.keys()].filter((key) => !wanted.has(key) && !key.endsWith('x'));
      expect(records.extraKeys.toSorted()).toEqual(extra.toSorted());
      expect(counts.extra).toBe(extra.length);
    }),
    { numRuns: 300, seed: 20 },
  );
});

test('a retry takes what failed before and nothing else, each counted once', async () => {
  const world = worldOf(new Map<string, Fate>([['s/refused', 'refused']]));
  for (const key of ['s/now', 's/refused', 's/unasked', 's/unknown'])
    world.source.set(key, { body: Buffer.from('b'), etag: '"e"' });
  world.source.before = (what, key) => {
    if (what === 'head' && key === 's/unasked') throw new DynaferryError('ACCESS_DENIED', 'no');
  };
  world.records.before = ['s/now', 's/refused', 's/gone', 's/unasked', 'elsewhere'].map((key) => ({
    key,
    sizeBytes: 1,
    code: 'ACCESS_DENIED',
    reason: 'no',
  }));
  await world.run({ retryFailed: true });
  expect(world.meter.counts).toMatchObject({
    listed: 5,
    copied: 1,
    failed: 2,
    vanished: 1,
    excluded: 1,
    objectsTotal: 4,
  });
  expect(world.records.failed.map(({ key }) => key).toSorted()).toEqual(['s/refused', 's/unasked']);
  expect([...world.target.objects.keys()]).toEqual(['t/now']);
});

test('nothing is deleted before both listings have come to their ends, nor after a failure', async () => {
  const world = worldOf();
  for (let i = 0; i < 20; i++) {
    world.source.set(`s/${i}`, { body: Buffer.from('b'), etag: '"e"' });
    world.target.set(`t/gone${i}`, { body: Buffer.from('b'), etag: '"e"' });
  }
  let lists = 0;
  world.source.before = (what) => {
    if (what === 'list' && ++lists === 5) throw new DynaferryError('SERVICE_FAILED', 'no');
  };
  await expect(world.run({ deleteExtra: true })).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
  expect(world.meter.counts.deleted).toBe(0);
  expect([...world.target.objects.keys()].filter((key) => key.includes('gone'))).toHaveLength(20);
});

test('the scope judges what only the target has by its key at the source', async () => {
  const world = worldOf();
  world.source.set('long/prefix/a/1', { body: Buffer.from('b'), etag: '"e"' });
  for (const key of ['a/kept/2', 'a/3']) world.target.set(`t/${key}`, { body: Buffer.from('b'), etag: '"e"' });
  const settings = { include: [], exclude: ['a/kept/**'], base: 'long/prefix/' };
  const prefixes = [{ source: 'long/prefix/a/', target: 't/a/' }];
  await world.run({ deleteExtra: true, prefixes, scope: compileScope(settings, 0) });
  expect([...world.target.objects.keys()].toSorted()).toEqual(['t/a/1', 't/a/kept/2']);
});

test('deleting is refused where the target turns out to be the bucket of the source', async () => {
  const bucket = new MemoryTarget();
  bucket.set('s/a', { body: Buffer.from('b'), etag: '"e"' });
  for (const dry of [false, true]) {
    const link = memoryLink(bucket, bucket);
    const prefixes = [{ source: 's/', target: '' }];
    const run = worldOf().run({ deleteExtra: true, dry, link, prefixes, copyObject: async () => 1 });
    await expect(run).rejects.toMatchObject({ code: 'DELETE_REFUSED' });
    expect([...bucket.objects.keys()]).toContain('s/a');
  }
});

test('deleting is refused where the source has nothing', async () => {
  const world = worldOf();
  world.target.set('t/a', { body: Buffer.from('b'), etag: '"e"' });
  await expect(world.run({ deleteExtra: true })).rejects.toMatchObject({ code: 'DELETE_REFUSED' });
  expect(world.target.objects.size).toBe(1);
});

test('deleting is refused where one prefix of several has nothing at the source', async () => {
  const world = worldOf();
  const prefixes = ['a/', 'b/', 'c/'].map((prefix) => ({ source: `s/${prefix}`, target: `t/${prefix}` }));
  world.source.set('s/a/1', { body: Buffer.from('b'), etag: '"e"' });
  world.source.set('s/c/1x', { body: Buffer.from('b'), etag: '"e"' });
  for (const key of ['t/a/2', 't/c/2']) world.target.set(key, { body: Buffer.from('b'), etag: '"e"' });
  await world.run({ deleteExtra: true, prefixes });
  expect([...world.target.objects.keys()]).toEqual(['t/a/1']);
  for (const key of ['t/a/2', 't/b/2']) world.target.set(key, { body: Buffer.from('b'), etag: '"e"' });
  await expect(world.run({ deleteExtra: true, prefixes })).rejects.toMatchObject({
    code: 'DELETE_REFUSED',
    message: expect.stringContaining('t/b/') as string,
  });
  expect([...world.target.objects.keys()]).toEqual(['t/a/1', 't/a/2', 't/b/2']);
});

test('objects that are refused one by one are listed; where all are refused from the beginning the copy ends', async () => {
  const refuse =
    (from: number) =>
    async ({ key }: { key: string }) => {
      if (Number(key.slice(2)) >= from) throw new DynaferryError('ACCESS_DENIED', 'no');
      return 1;
    };
  const fill = ({ source }: World): void => {
    for (let i = 100; i < 200; i++) source.set(`s/${i}`, { body: Buffer.from('b'), etag: '"e"' });
  };
  const some = worldOf();
  fill(some);
  await some.run({ copyObject: refuse(101), lanes: 1 });
  expect(some.meter.counts).toMatchObject({ copied: 1, failed: 99 });
  const all = worldOf();
  fill(all);
  await expect(all.run({ copyObject: refuse(0) })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test.each([
  ['AccessControlListNotSupported', 'REQUEST_REFUSED'],
  ['InvalidStorageClass', 'REQUEST_REFUSED'],
  ['KMS.NotFoundException', 'REQUEST_REFUSED'],
  ['KeyTooLongError', undefined],
  ['EntityTooLarge', undefined],
  ['InvalidTag', undefined],
  ['InvalidRequest: SSE-C', undefined],
])('where the beginning of a copy is refused with %s it ends with %s', async (serviceCode, ending) => {
  const world = worldOf();
  for (let i = 0; i < 100; i++) world.source.set(`s/${i}`, { body: Buffer.from('b'), etag: '"e"' });
  const copyObject = async (): Promise<number> => {
    throw new DynaferryError('REQUEST_REFUSED', 'no', { serviceCode });
  };
  const outcome = await world.run({ copyObject }).catch((error: unknown) => error);
  expect(outcome).toEqual(ending && expect.objectContaining({ code: ending, serviceCode }));
  expect(world.meter.counts.failed).toBe(ending === undefined ? 100 : 49);
});

test('refusals for several reasons, each of few objects, do not end the copy', async () => {
  const world = worldOf();
  for (let i = 0; i < 100; i++) world.source.set(`s/${i}`, { body: Buffer.from('b'), etag: '"e"' });
  const copyObject = async ({ key }: { key: string }): Promise<number> => {
    throw new DynaferryError('REQUEST_REFUSED', 'no', { serviceCode: `Code${key.length}${key.at(-1)}` });
  };
  await world.run({ copyObject });
  expect(world.meter.counts.failed).toBe(100);
});

test.each(['UNREACHABLE', 'CREDENTIALS_EXPIRED', 'BUCKET_NOT_FOUND', 'LOCAL_DISK'] as const)(
  'what concerns all objects (%s) ends the copy, and no further one is begun',
  async (code) => {
    const world = worldOf();
    for (let i = 0; i < 200; i++) world.source.set(`s/${i}`, { body: Buffer.from('b'), etag: '"e"' });
    let begun = 0;
    const copyObject = async (): Promise<number> => {
      if (++begun === 5) throw new DynaferryError(code, 'no');
      return 1;
    };
    await expect(world.run({ copyObject })).rejects.toMatchObject({ code });
    expect(begun).toBeLessThanOrEqual(5 + 3);
  },
);

test('small objects alone wait for no measurement of the link', async () => {
  const world = worldOf();
  const { link, source, target } = world;
  let isAsked = false;
  Object.defineProperty(link.gate, 'measured', { get: () => ((isAsked = true), Promise.resolve()) });
  source.set('s/a', { body: Buffer.from('a'), etag: wholeEtag(Buffer.from('a')) });
  await world.run();
  expect(target.objects.has('t/a')).toBe(true);
  expect(isAsked).toBe(false);
});
