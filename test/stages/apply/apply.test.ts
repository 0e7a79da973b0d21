import * as fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Merge } from '../../../src/conflict/merge.ts';
import { ItemPutter } from '../../../src/dynamodb/put-items.ts';
import { ChangeLedger } from '../../../src/engine/change-ledger.ts';
import type { ChangeTotals } from '../../../src/engine/change-sums.ts';
import { Pacer, systemClock, type Clock } from '../../../src/engine/pacer.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import type { ProgressEvent } from '../../../src/model/events.ts';
import { CommitSignal } from '../../../src/staging/commit-log.ts';
import { RELEASED_MS, TAKEOVER_MS } from '../../../src/stages/apply/applied-position.ts';
import { runApply } from '../../../src/stages/apply/apply-stage.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { contextOf, key } from '../export/run-export.ts';
import { FakeTable } from '../load/fake-table.ts';
import { layout, POLICY_HASH, writeChanges, type Change } from './written-changes.ts';

let folder: string;
let table: FakeTable;
let bucket: MemoryBucket;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-apply-'));
  table = new FakeTable();
  bucket = new MemoryBucket('staging', 'target');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Options {
  retryDeadLetters?: boolean;
  endless?: boolean;
  signal?: AbortSignal;
  onEvent?: (event: ProgressEvent) => void;
  merge?: Merge;
  state?: string;
  policyHash?: string;
  clock?: Clock;
  /** The same staging over another link. */
  over?: MemoryBucket;
}

/** What whoever takes a log over waits for. */
const takeovers: ReadonlySet<number> = new Set([TAKEOVER_MS, RELEASED_MS]);
/** Does not wait for another machine, which in a test is known to be dead. */
const impatient: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(takeovers.has(ms) ? 0 : ms, signal),
};

/** Ten times as fast. */
const fast: Clock = {
  nowMs: () => performance.now() * 10,
  sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
};

/** Applies what is there, from where the ledger in `state` stands. */
async function apply(options: Options = {}): Promise<ChangeTotals['applied']> {
  const ledger = ChangeLedger.open(join(folder, options.state ?? 'state'));
  const context = {
    ...contextOf(options.signal),
    clock: options.clock ?? impatient,
    ...(options.onEvent && { onEvent: options.onEvent }),
  };
  try {
    await runApply({
      context,
      bucket: options.over ?? bucket,
      layout,
      policyHash: options.policyHash ?? POLICY_HASH,
      ledger,
      meter: new StageMeter(context, 'apply'),
      putter: new ItemPutter(table, 't', key, { random: () => 0 }),
      merge: options.merge,
      key,
      pacer: new Pacer(Infinity),
      concurrency: 3,
      wake: new CommitSignal(),
      endless: options.endless ?? false,
      retryDeadLetters: options.retryDeadLetters ?? false,
      removesApplied: false,
    });
    return ledger.totals().applied;
  } finally {
    ledger.close();
  }
}

const put = (pk: string, n: number): Change => ({ pk, n });
const del = (pk: string, n: number): Change => ({ pk, n, deletes: true });

/** What is in the table when all changes were made one after the other. */
function outcomeOf(changes: readonly Change[]): Map<string, string> {
  const items = new Map<string, string>();
  for (const { pk, n, deletes } of changes)
    if (deletes === true) items.delete(pk);
    else items.set(pk, String(n));
  return items;
}
const contents = (): Map<string, string> => new Map([...table.items].map(([pk, item]) => [pk, String(item['n']['N'])]));

/** Changes to some keys in their order, cut into objects; an empty one is a commit that only says how far the stream is read. */
const logs = fc
  .array(fc.array(fc.record({ pk: fc.integer({ min: 0, max: 7 }), deletes: fc.boolean() }), { maxLength: 40 }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((objects) => {
    let n = 0;
    return objects.map((changes) => changes.map(({ pk, deletes }) => ({ pk: `k${pk}`, n: ++n, deletes })));
  });

/** The same, of which the table refuses some at first. */
const refusedLogs = logs.chain((objects) =>
  fc
    .infiniteStream(fc.boolean())
    .map((bad) =>
      objects.map((changes) =>
        changes.map((change) => ({ ...change, bad: !change.deletes && bad.next().value === true })),
      ),
    ),
);

/** A kill at the n-th operation, or at an early one on the table, before its effect or before its answer, after so many objects more have arrived. */
const kills = fc.record({
  at: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom('first write', 'second write')),
  more: fc.integer({ min: 0, max: 6 }),
  answers: fc.boolean(),
  machine: fc.constantFrom('one', 'another'),
});
const waits = fc.infiniteStream(fc.nat(30));

/** Notes every write that takes a key back to an earlier change than one that it has had. */
function watchForGoingBack(changes: readonly Change[]): string[] {
  const goneBack: string[] = [];
  const reached = new Map([...table.items].map(([pk, item]) => [pk, Number(item['n']['N'])]));
  const deletes = changes.filter((change) => change.deletes === true);
  table.items.set = function (pk, item) {
    const n = Number(item['n']['N']);
    if (n < (reached.get(pk) ?? 0)) goneBack.push(`${pk}: ${n} over ${reached.get(pk)}`);
    reached.set(pk, Math.max(n, reached.get(pk) ?? 0));
    return Map.prototype.set.call(table.items, pk, item) as typeof table.items;
  };
  table.items.delete = function (pk) {
    // Which delete it is cannot be seen: the next one that it may be.
    const next = deletes.find((change) => change.pk === pk && change.n >= (reached.get(pk) ?? 0));
    if (next === undefined) goneBack.push(`${pk}: deleted after ${reached.get(pk)}`);
    else reached.set(pk, next.n);
    return Map.prototype.delete.call(table.items, pk);
  };
  return goneBack;
}

type Kill = typeof kills extends fc.Arbitrary<infer T> ? T : never;

/** Applies what is there, and is killed, or not where it ends sooner. */
async function applyKilled(
  { at, answers, machine }: Omit<Kill, 'more'>,
  wait: Iterator<number>,
  retryDeadLetters = false,
): Promise<void> {
  let operations = 0;
  let isDead = false;
  let writes = 0;
  const count = (): void => {
    isDead ||= ++operations === at;
    check();
  };
  const countWrite = (): void => {
    isDead ||= ++writes === 1 ? at === 'first write' : at === 'second write';
    count();
  };
  const check = (): void => {
    if (isDead) throw new Error('killed');
  };
  table.before = answers ? check : countWrite;
  table.after = answers ? countWrite : check;
  bucket.before = async (_, name) => {
    (answers ? check : count)();
    // So that what is there at a moment, and makes a group, is not the same each time.
    if (name.includes('/commits/'))
      for (let i = wait.next().value as number; i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
  };
  bucket.after = answers ? count : check;
  await apply({ state: machine, retryDeadLetters }).catch((error: unknown) =>
    expect(String(error)).toContain('killed'),
  );
  table.before = table.after = bucket.before = bucket.after = () => undefined;
}

describe('applying changes', () => {
  it('ends as if they were made one after the other, with each key written once an object at the most', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.infiniteStream(fc.boolean()), async (objects, leaves) => {
        rmSync(folder, { recursive: true, force: true });
        table = new FakeTable();
        bucket = new MemoryBucket('staging', 'target');
        const tried = new Map<string, number>();
        table.leaves = (keys) =>
          keys.filter((one) => {
            tried.set(one, (tried.get(one) ?? 0) + 1);
            return (tried.get(one) ?? 0) < 3 && leaves.next().value;
          });
        for (const [i, changes] of objects.entries()) await writeChanges(bucket, i + 1, changes);
        const { seq, puts, deletes, superseded, deadLettered } = await apply();
        expect(contents()).toEqual(outcomeOf(objects.flat()));
        expect(seq).toBe(objects.length);
        expect(puts + deletes + superseded).toBe(objects.flat().length);
        expect(deadLettered).toBe(0);
        const keysByObject = objects.reduce((sum, changes) => sum + new Set(changes.map(({ pk }) => pk)).size, 0);
        expect(table.writes.length).toBeLessThanOrEqual(keysByObject);
        const before = table.writes.length;
        await apply();
        expect(table.writes.length).toBe(before);
      }),
      { numRuns: 25 },
    );
  });

  it('ends the same, and takes no key back at any moment, wherever it is killed, however often, whatever arrives meanwhile, and whichever machine goes on', async () => {
    await fc.assert(
      fc.asyncProperty(logs, fc.array(kills, { maxLength: 5 }), waits, async (objects, deaths, wait) => {
        rmSync(folder, { recursive: true, force: true });
        table = new FakeTable();
        bucket = new MemoryBucket('staging', 'target');
        const goneBack = watchForGoingBack(objects.flat());
        let written = 0;
        const arrive = async (upTo: number): Promise<void> => {
          for (; written < Math.min(upTo, objects.length); written++)
            await writeChanges(bucket, written + 1, objects[written]);
        };
        for (const { more, ...death } of deaths) {
          await arrive(written + more);
          await applyKilled(death, wait);
        }
        await arrive(objects.length);
        const applied = await apply({ state: 'one' });
        expect(contents()).toEqual(outcomeOf(objects.flat()));
        expect(goneBack).toEqual([]);
        const { puts, deletes, superseded, deadLettered } = applied;
        expect(puts + deletes + superseded + deadLettered).toBe(objects.flat().length);
      }),
      { numRuns: 100 },
    );
  });

  it('takes no key back where what was refused is tried again, wherever it is killed before and meanwhile', async () => {
    const deathsOf = fc.array(kills, { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(refusedLogs, deathsOf, deathsOf, waits, async (objects, deaths, retries, wait) => {
        rmSync(folder, { recursive: true, force: true });
        table = new FakeTable();
        table.isValid = (item) => item['bad'] === undefined;
        bucket = new MemoryBucket('staging', 'target');
        const goneBack = watchForGoingBack(objects.flat());
        let written = 0;
        const arrive = async (upTo: number): Promise<void> => {
          for (; written < Math.min(upTo, objects.length); written++)
            await writeChanges(bucket, written + 1, objects[written]);
        };
        // Without letters that are left from before there is nothing to go back to.
        await arrive(objects.length / 2);
        await apply({ state: 'one' });
        for (const { more, ...death } of deaths) {
          await arrive(written + more);
          await applyKilled(death, wait);
        }
        table.isValid = () => true;
        for (const { more, ...death } of retries) {
          await arrive(written + more);
          await applyKilled(death, wait, true);
        }
        await arrive(objects.length);
        const { puts, deletes, superseded, deadLettered } = await apply({ state: 'one', retryDeadLetters: true });
        expect(contents()).toEqual(outcomeOf(objects.flat()));
        expect(goneBack).toEqual([]);
        expect(deadLettered).toBe(0);
        expect(puts + deletes + superseded).toBe(objects.flat().length);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on without end as changes arrive, tells how far behind it is, and says when it has caught up', async () => {
    const stop = new AbortController();
    const events: ProgressEvent[] = [];
    const running = apply({ endless: true, signal: stop.signal, onEvent: (event) => events.push(event) });
    await writeChanges(bucket, 1, [put('a', 1), put('b', 2)]);
    await expect.poll(contents, { timeout: 30_000 }).toEqual(outcomeOf([put('a', 1), put('b', 2)]));
    const told = (): string[] => events.flatMap((event) => (event.type === 'notice' ? event.message : []));
    expect(told()).toEqual([]);
    await writeChanges(bucket, 2, [del('a', 3)], { throughMs: Date.now() });
    await expect.poll(contents, { timeout: 30_000 }).toEqual(outcomeOf([put('b', 2)]));
    await expect.poll(told, { timeout: 30_000 }).toEqual([expect.stringContaining('the target has caught up')]);
    stop.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(events.filter(({ type }) => type === 'lag').at(-1)).toMatchObject({
      stage: 'apply',
      changes: 3,
      waiting: 0,
    });
    expect(await apply()).toMatchObject({ seq: 2, puts: 2, deletes: 1 });
  });

  it('goes on at another machine, and without a ledger, behind what is applied', async () => {
    await writeChanges(bucket, 1, [put('a', 1), put('b', 2)]);
    await apply({ state: 'one' });
    await writeChanges(bucket, 2, [put('a', 3)]);
    table.writes.length = 0;
    const items: number[] = [];
    const onEvent = (event: ProgressEvent): void => {
      if (event.type === 'progress') items.push(event.items);
      // It has stopped, so nothing is worth waiting for that a person would notice.
      expect(event.type).not.toBe('notice');
    };
    expect(await apply({ state: 'another', onEvent })).toMatchObject({ seq: 2, objects: 2, puts: 3 });
    expect(table.writes).toEqual(['a']);
    // What the first one has done counts from the beginning.
    expect([items[0], items.at(-1)]).toEqual([2, 3]);
  });

  it.each([
    ['is at rest', []],
    ['has a request under way', [put('a', 1)]],
  ])(
    'stops where another machine takes over, which waits for that, and leaves its word: one that %s',
    async (_, changes) => {
      await writeChanges(bucket, 1, changes);
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      // Throttled, or on a slow link.
      table.before = () => held;
      const first = apply({ endless: true, state: 'one' });
      const stopped = expect(first).rejects.toMatchObject({ code: 'LOCKED' });
      // It has taken the log.
      const isThere = (): boolean => [...bucket.objects.keys()].some((name) => name.endsWith('applied.json'));
      await expect.poll(() => isThere() && table.calls.length >= changes.length, { timeout: 30_000 }).toBe(true);
      table.before = () => undefined;
      await writeChanges(bucket, 2, [put('a', 2)]);
      let waitedMs = 0;
      const clock: Clock = {
        ...systemClock,
        sleep: async (ms, signal) => {
          // Long enough for the first to look, here.
          if (takeovers.has(ms)) waitedMs += ms;
          await systemClock.sleep(takeovers.has(ms) ? 4000 : ms, signal);
        },
      };
      const told: string[] = [];
      const onEvent = (event: ProgressEvent): void => {
        if (event.type === 'notice') told.push(event.message);
      };
      await apply({ state: 'another', clock, onEvent });
      expect(waitedMs).toBe(TAKEOVER_MS);
      expect(told).toEqual([expect.stringMatching(/^waiting for 15 s: a process at another machine/)]);
      release();
      await stopped;
      expect(contents()).toEqual(outcomeOf([put('a', 2)]));
    },
  );

  it('writes nothing more where another machine has taken over and its own link to the staging is cut', async () => {
    await writeChanges(bucket, 1, [put('a', 1)]);
    const over = Object.assign(new MemoryBucket('staging', 'target'), { objects: bucket.objects });
    const throttled = Promise.withResolvers<void>();
    table.before = () => throttled.promise;
    const first = apply({ endless: true, state: 'one', over, clock: fast });
    const stopped = expect(first).rejects.toMatchObject({ code: 'LOCKED' });
    await expect.poll(() => table.calls.length, { timeout: 30_000 }).toBeGreaterThan(0);
    const cut = Promise.withResolvers<void>();
    over.before = () => cut.promise;
    table.before = () => undefined;
    await writeChanges(bucket, 2, [put('a', 2)]);
    await apply({ state: 'another', clock: fast });
    expect(table.writes).toEqual(['a']);
    throttled.resolve();
    cut.resolve();
    await stopped;
    expect(contents()).toEqual(outcomeOf([put('a', 2)]));
    expect(table.writes).toEqual(['a']);
  });

  it('stays with whoever has taken it over where a word of the one before was long on its way', async () => {
    // After so many commits it says at once how far it is.
    for (let seq = 1; seq <= 64; seq++) await writeChanges(bucket, seq, seq === 1 ? [put('a', 1)] : []);
    const over = Object.assign(new MemoryBucket('staging', 'target'), { objects: bucket.objects });
    const late = Promise.withResolvers<void>();
    let isSaid = false;
    over.before = (operation, name) => {
      if (operation !== 'put' || !name.endsWith('applied.json') || table.writes.length === 0) return undefined;
      isSaid = true;
      return late.promise;
    };
    const first = apply({ endless: true, state: 'one', over });
    const stopped = expect(first).rejects.toMatchObject({ code: 'LOCKED' });
    await expect.poll(() => isSaid, { timeout: 30_000 }).toBe(true);
    await writeChanges(bucket, 65, [put('a', 2)]);
    const clock: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        await impatient.sleep(ms, signal);
        // The word arrives when the other has looked for the last time.
        if (ms !== TAKEOVER_MS) return;
        table.after = () => late.resolve();
      },
    };
    await apply({ state: 'another', clock });
    await stopped;
    expect(table.writes).toEqual(['a', 'a']);
    expect(contents()).toEqual(outcomeOf([put('a', 2)]));
  });

  it('goes on behind all that the one before has said, also right before its word is replaced', async () => {
    const stop = new AbortController();
    const first = apply({ endless: true, state: 'one', signal: stop.signal });
    const ended = first.catch(() => undefined);
    const mark = (): { by: string; seq: number } | undefined => {
      const name = [...bucket.objects.keys()].find((one) => one.endsWith('applied.json'));
      return name === undefined ? undefined : (JSON.parse(bucket.text(name)) as { by: string; seq: number });
    };
    await expect.poll(mark, { timeout: 30_000 }).toBeDefined();
    const over = Object.assign(new MemoryBucket('staging', 'target'), { objects: bucket.objects });
    over.before = async (operation, name) => {
      if (operation !== 'put' || !name.endsWith('applied.json')) return;
      over.before = () => undefined;
      for (let seq = 1; seq <= 64; seq++) await writeChanges(bucket, seq, seq === 64 ? [put('a', 1)] : []);
      await expect.poll(() => mark()?.seq ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
    };
    const taken: number[] = [];
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => {
        if (ms === TAKEOVER_MS) taken.push(mark()?.seq ?? -1);
        return impatient.sleep(ms, signal);
      },
    };
    await apply({ state: 'another', over, clock });
    stop.abort();
    await ended;
    expect(taken[0]).toBeGreaterThan(0);
  });

  it('of two machines that begin a log at the same time only one is ahead, and ends where the other takes over', async () => {
    await writeChanges(bucket, 1, [put('a', 1)]);
    const bothLooked = Promise.withResolvers<void>();
    let looks = 0;
    bucket.before = async (operation, name) => {
      if (operation !== 'put' || !name.endsWith('applied.json')) return;
      if (++looks === 2) bothLooked.resolve();
      await bothLooked.promise;
    };
    const waited: number[] = [];
    const clock: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        if (takeovers.has(ms)) waited.push(ms);
        await impatient.sleep(ms, signal);
      },
    };
    await Promise.allSettled(['one', 'two'].map((state) => apply({ state, clock })));
    expect(waited).toHaveLength(1);
    expect(contents()).toEqual(outcomeOf([put('a', 1)]));
  });

  it.each([
    ['has stopped', true],
    ['may still be at it', false],
  ])('is taken by one of two machines that begin at the same time, where the one before %s', async (_, hasStopped) => {
    await writeChanges(bucket, 1, [put('a', 1)]);
    bucket.before = (operation, name) => {
      if (!hasStopped && operation === 'put' && name.endsWith('applied.json') && table.writes.length > 0)
        throw new Error('killed');
    };
    await apply({ state: 'one' });
    bucket.before = () => undefined;
    const { promise: bothWait, resolve: goOn } = Promise.withResolvers<void>();
    let waiting = 0;
    const clock: Clock = {
      ...systemClock,
      sleep: async (ms, signal) => {
        if (!takeovers.has(ms)) return systemClock.sleep(ms, signal);
        if (++waiting === 2) goOn();
        await bothWait;
      },
    };
    const outcomes = await Promise.allSettled(['two', 'three'].map((state) => apply({ state, clock })));
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed).toEqual([{ status: 'rejected', reason: expect.objectContaining({ code: 'LOCKED' }) as unknown }]);
  });

  it('waits for one that was stopped while it wrote: what was cut off may be on its way', async () => {
    await writeChanges(bucket, 1, [put('a', 1)]);
    const stop = new AbortController();
    table.before = () => stop.abort();
    await expect(apply({ state: 'one', signal: stop.signal })).rejects.toThrow('aborted');
    table.before = () => undefined;
    const waited: number[] = [];
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => {
        if (takeovers.has(ms)) waited.push(ms);
        return impatient.sleep(ms, signal);
      },
    };
    await apply({ state: 'another', clock });
    expect(waited).toEqual([TAKEOVER_MS]);
  });

  it('does not wait for a process that has stopped by itself, nor for one of the same machine', async () => {
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => {
        if (ms === TAKEOVER_MS) throw new Error('it waits');
        return impatient.sleep(ms, signal);
      },
    };
    await writeChanges(bucket, 1, [put('a', 1)]);
    await apply({ state: 'one' });
    await apply({ state: 'another', clock });
    bucket.before = (operation, name) => {
      if (operation === 'put' && name.endsWith('applied.json') && table.writes.length > 1) throw new Error('killed');
    };
    await writeChanges(bucket, 2, [put('a', 2)]);
    await apply({ state: 'another' });
    bucket.before = () => undefined;
    await apply({ state: 'another', clock });
    await expect(apply({ state: 'one', clock })).resolves.toMatchObject({ seq: 2 });
  });

  it.each([
    ['holds another number of changes than its commit says', { claims: 3 }, 'DATA_DAMAGED'],
    ['holds a line that is something else', { lines: ['{"Item":{}}'], claims: 1 }, 'DATA_DAMAGED'],
    ['is of another key', { lines: ['{"Metadata":{},"Keys":{"x":{"S":"1"}}}'], claims: 1 }, 'DATA_DAMAGED'],
  ])('an object that %s is not applied', async (_, written, code) => {
    await writeChanges(bucket, 1, [put('a', 1), put('b', 2)], written);
    await expect(apply()).rejects.toMatchObject({ code });
    expect(table.writes).toEqual([]);
  });

  it('refuses what was made under another policy', async () => {
    await writeChanges(bucket, 1, [put('a', 1)]);
    await expect(apply({ policyHash: 'other' })).rejects.toMatchObject({
      code: 'POLICY_MISMATCH',
      fix: expect.stringContaining('dynaferry capture --restart') as string,
    });
    expect(table.writes).toEqual([]);
  });
});

describe('changes that DynamoDB refuses', () => {
  const letters = (): { Item?: object; Key?: object; code: string; reason: string }[] =>
    [...bucket.objects]
      .filter(([name]) => name.includes('/dead-letters/apply-'))
      .map(([, { body }]) => JSON.parse(gunzipSync(body).toString()) as never);
  const bad = (pk: string, n: number): Change => ({ pk, n, bad: true });
  beforeEach(() => {
    table.isValid = (item) => item['bad'] === undefined && item['PK']['S'] !== 'stays';
  });

  it('are set aside with their reason, the last one of each key, and do not stop the others', async () => {
    await writeChanges(bucket, 1, [put('a', 1), bad('b', 2), put('c', 3), del('stays', 4)]);
    expect(await apply()).toMatchObject({ puts: 2, deletes: 0, superseded: 0, deadLettered: 2 });
    expect(contents()).toEqual(outcomeOf([put('a', 1), put('c', 3)]));
    await writeChanges(bucket, 2, [bad('b', 5)]);
    expect(await apply()).toMatchObject({ puts: 2, superseded: 1, deadLettered: 2 });
    expect(letters()).toHaveLength(2);
    expect(letters()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          Item: { PK: { S: 'b' }, n: { N: '5' }, bad: { S: 'x' } },
          code: 'ValidationException',
        }),
        expect.objectContaining({
          Key: { PK: { S: 'stays' } },
          reason: expect.stringContaining('not valid') as string,
        }),
      ]),
    );
  });

  it('are forgotten when a later change of the key is made', async () => {
    await writeChanges(bucket, 1, [bad('a', 1), bad('b', 2)]);
    await apply();
    await writeChanges(bucket, 2, [put('a', 3), del('b', 4)]);
    expect(await apply()).toMatchObject({ puts: 1, deletes: 1, superseded: 2, deadLettered: 0 });
    expect(letters()).toEqual([]);
  });

  it('are applied when they are tried again and their cause is mended, and no others', async () => {
    await writeChanges(bucket, 1, [put('a', 1), bad('a', 2), bad('b', 3), del('stays', 4)]);
    await apply();
    table.isValid = (item) => item['PK']['S'] !== 'stays';
    table.writes.length = 0;
    expect(await apply()).toMatchObject({ puts: 0, deadLettered: 3 });
    expect(table.writes).toEqual([]);
    expect(await apply({ retryDeadLetters: true })).toMatchObject({
      puts: 2,
      deletes: 0,
      superseded: 1,
      deadLettered: 1,
    });
    expect(contents()).toEqual(outcomeOf([put('a', 2), put('b', 3)]));
    expect(letters()).toHaveLength(1);
  });

  it.each(['one', 'another'])(
    'are not tried again over what was written by a process that was killed before it removed them, at machine %s',
    async (state) => {
      await writeChanges(bucket, 1, [bad('a', 1)]);
      await apply({ state: 'one' });
      await writeChanges(bucket, 2, [put('a', 2)]);
      table.after = () => {
        throw new Error('killed');
      };
      await expect(apply({ state: 'one' })).rejects.toThrow('killed');
      table.after = () => undefined;
      expect(letters()).toHaveLength(1);
      table.isValid = () => true;
      const goneBack = watchForGoingBack([]);
      expect(await apply({ state, retryDeadLetters: true })).toMatchObject({ puts: 1, superseded: 1, deadLettered: 0 });
      expect(goneBack).toEqual([]);
      expect(table.writes).toEqual(['a', 'a']);
      expect(contents()).toEqual(outcomeOf([put('a', 2)]));
    },
  );

  it('stay where another machine has taken over, whose are removed by nobody who tried them again before', async () => {
    await writeChanges(bucket, 1, [bad('a', 1)]);
    await apply({ state: 'one' });
    table.isValid = (item) => item['n']['N'] === '1';
    const over = Object.assign(new MemoryBucket('staging', 'target'), { objects: bucket.objects });
    const cut = Promise.withResolvers<void>();
    let isCut = false;
    over.before = (operation) => {
      isCut ||= operation === 'delete';
      return isCut ? cut.promise : undefined;
    };
    const retrying = apply({ endless: true, retryDeadLetters: true, state: 'one', over, clock: fast });
    const stopped = expect(retrying).rejects.toMatchObject({ code: 'LOCKED' });
    await expect.poll(() => isCut, { timeout: 30_000 }).toBe(true);
    await writeChanges(bucket, 2, [bad('a', 2)]);
    await apply({ state: 'another', clock: fast });
    expect(letters()).toMatchObject([{ Item: { n: { N: '2' } } }]);
    cut.resolve();
    await stopped;
    expect(letters()).toMatchObject([{ Item: { n: { N: '2' } } }]);
  });

  it('stop it where every change is refused', async () => {
    table.isValid = () => false;
    await writeChanges(
      bucket,
      1,
      Array.from({ length: 1500 }, (_, i) => put(`k${i}`, i)),
    );
    await expect(apply()).rejects.toMatchObject({ code: 'DEAD_LETTERS' });
  });
});
