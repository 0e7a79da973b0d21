import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Candidate } from '../../../src/stages/verify/differences.ts';
import type { Look } from '../../../src/stages/verify/recheck.ts';
import { settleDifferences } from '../../../src/stages/verify/settle.ts';
import { Tally } from '../../../src/stages/verify/tally.ts';
import { FakeClock } from '../../engine/fake-clock.ts';

const SETTLE_MS = 60_000;

/** What both sides hold at a time; an empty text where there is no item. */
type Sides = (nowMs: number) => { source: string | undefined; target: string };

interface Outcome {
  tally: Tally;
  /** When each look was made. */
  looks: number[];
}

/** Settles one item whose sides change with time. Each look reads the source first, and the target so much later. */
async function settleOne(sides: Sides, { apartMs = 0, random = 0.5 } = {}): Promise<Outcome> {
  const clock = new FakeClock();
  const looks: number[] = [];
  const look = async (): Promise<Look> => {
    looks.push(clock.nowMs());
    const { source } = sides(clock.nowMs());
    if (apartMs > 0) await clock.sleep(apartMs);
    const { target } = sides(clock.nowMs());
    return { kind: kindOf(source, target), source, target };
  };
  const tally = new Tally(0);
  await run(clock, [candidate('a')], { tally, look, random });
  return { tally, looks };
}

function kindOf(source: string | undefined, target: string): Look['kind'] {
  if (source === target) return target === '' ? 'gone' : 'equal';
  if (source === undefined || source === '') return 'extra';
  return target === '' ? 'missing' : 'different';
}

function candidate(pk: string): Candidate {
  const key = Buffer.from(`{"PK":{"S":"${pk}"}}`);
  return { kind: 'different', keyHash: Buffer.from(pk), key, sealedSourceKey: undefined, failsFilter: undefined };
}

interface RunOptions {
  tally: Tally;
  look: (candidate: Candidate) => Promise<Look>;
  random?: number;
  waitingMax?: number;
  signal?: AbortSignal;
  onRound?: (waiting: number) => void;
}

async function run(clock: FakeClock, candidates: Candidate[], options: RunOptions): Promise<void> {
  const { random = 0.5, waitingMax = 100, signal = new AbortController().signal, ...rest } = options;
  const time = new AbortController();
  const settled = settleDifferences(candidates, {
    ms: SETTLE_MS,
    clock,
    random: () => random,
    looksAtOnce: 4,
    scope: new AbortController(),
    waitingMax,
    signal,
    ...rest,
  }).finally(() => time.abort());
  settled.catch(() => undefined);
  for (let ms = 0; !time.signal.aborted && ms < 10 * SETTLE_MS; ms += 1000) await clock.runUntil(ms);
  await settled;
}

const counts = ({ missing, extra, different, settled, equal, changing }: Tally) => ({
  missing,
  extra,
  different,
  settled,
  equal,
  changing,
});
const none = { missing: 0, extra: 0, different: 0, settled: 0, equal: 0, changing: 0 };

test('a difference that is gone at a later look has settled', async () => {
  const { tally } = await settleOne((ms) => ({ source: 'new', target: ms < 20_000 ? 'old' : 'new' }));
  expect(counts(tally)).toEqual({ ...none, settled: 1, equal: 1 });
  const deleted = await settleOne((ms) => ({ source: '', target: ms < 20_000 ? 'old' : '' }));
  expect(counts(deleted.tally)).toEqual({ ...none, settled: 1 });
});

test('one that stays is reported with how long it has lasted, after a bounded number of looks', async () => {
  const { tally, looks } = await settleOne(() => ({ source: 'here', target: 'other' }));
  expect(counts(tally)).toEqual({ ...none, different: 1 });
  const [{ lastedMs = 0 }] = tally.differences;
  expect(lastedMs).toBeGreaterThanOrEqual(SETTLE_MS);
  expect(lastedMs).toBeLessThan(SETTLE_MS * 1.2);
  expect(tally.lastedMs).toEqual({ least: lastedMs, most: lastedMs });
  expect(looks.length).toBeLessThan(25);
});

test('a key that is written all the time, and never seen equal, is no difference while the target follows', async () => {
  const version = (ms: number): string => `v${Math.floor(ms / 7000)}`;
  const { tally } = await settleOne((ms) => ({ source: version(ms), target: version(ms - 20_000) }));
  expect(counts(tally)).toEqual({ ...none, settled: 1, equal: 1 });
});

test('it is one when the target stands still', async () => {
  const { tally } = await settleOne((ms) => ({ source: `v${ms}`, target: 'stuck' }));
  expect(counts(tally)).toEqual({ ...none, different: 1 });
});

test('it is one when the source stands still, and somebody else writes to the target', async () => {
  const { tally } = await settleOne((ms) => ({ source: 'still', target: `t${ms}` }));
  expect(counts(tally)).toEqual({ ...none, different: 1 });
});

test('of a key that is written too often at both sides nothing is told', async () => {
  const { tally, looks } = await settleOne((ms) => ({ source: `v${ms}`, target: `v${ms - 1}` }));
  expect(counts(tally)).toEqual({ ...none, changing: 1 });
  expect(looks.length).toBeLessThan(40);
});

test('an extra item whose source key cannot be known is reported where it stays, and settles where it is written', async () => {
  const stays = await settleOne(() => ({ source: undefined, target: 'x' }));
  expect(counts(stays.tally)).toEqual({ ...none, extra: 1 });
  const written = await settleOne((ms) => ({ source: undefined, target: `x${ms}` }));
  expect(counts(written.tally)).toEqual({ ...none, settled: 1, equal: 1 });
});

test('memory is bounded: beyond the limit one look must do', async () => {
  const clock = new FakeClock();
  const tally = new Tally(0);
  const rounds: number[] = [];
  const look = async ({ keyHash }: Candidate): Promise<Look> => ({
    kind: 'different',
    source: `${keyHash.toString()} s`,
    target: 't',
  });
  const candidates = Array.from({ length: 30 }, (_, i) => candidate(`key ${i}`));
  await run(clock, candidates, { tally, look, waitingMax: 10, onRound: (waiting) => rounds.push(waiting) });
  expect(Math.max(...rounds)).toBe(10);
  expect(counts(tally)).toEqual({ ...none, different: 30 });
  expect(tally.lastedMs).toMatchObject({ least: 0 });
});

test('an interrupt ends the waiting', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const look = async (): Promise<Look> => ({ kind: 'missing', source: 's', target: '' });
  const onRound = (): void => void setImmediate(() => stop.abort());
  const running = run(clock, [candidate('a')], { tally: new Tally(0), look, signal: stop.signal, onRound });
  await expect(running).rejects.toThrow('aborted');
});

const VERSIONS_MAX = 150;
const gaps = fc.oneof(fc.integer({ min: 10, max: 2000 }), fc.integer({ min: 10, max: 40_000 }));
/** Times of writes to the source, in order; each write makes a version of its own, one of them may be a deletion. */
const writes = fc
  .oneof(
    fc.array(gaps, { maxLength: 20 }),
    fc.array(fc.integer({ min: 10, max: 1500 }), { minLength: 100, maxLength: VERSIONS_MAX }),
  )
  .map((all) => all.reduce<number[]>((times, gap) => [...times, (times.at(-1) ?? -30_000) + gap], []));
/** How long each version takes to the target. */
const lags = fc
  .integer({ min: 1, max: SETTLE_MS - 1000 })
  .chain((max) => fc.array(fc.integer({ min: 0, max }), { minLength: VERSIONS_MAX, maxLength: VERSIONS_MAX }));
const shape = fc.record({
  apartMs: fc.integer({ min: 0, max: 50 }),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** The version that is there after writes at these times. */
const versionAt = (times: readonly number[], deletion: number, nowMs: number): string => {
  const written = times.filter((ms) => ms <= nowMs).length;
  return written === deletion ? '' : `v${written}`;
};

test('a target that has each version in its turn, within the time, is never reported', async () => {
  await fc.assert(
    fc.asyncProperty(writes, lags, fc.nat(30), shape, async (times, lag, deletion, how) => {
      // A version does not overtake the one before.
      let arrivedMs = -Infinity;
      const arrivals = times.map((ms, i) => (arrivedMs = Math.max(arrivedMs, ms + lag[i])));
      const { tally } = await settleOne(
        (ms) => ({ source: versionAt(times, deletion, ms), target: versionAt(arrivals, deletion, ms) }),
        how,
      );
      expect(counts(tally)).toMatchObject({ missing: 0, extra: 0, different: 0 });
    }),
    { numRuns: 300 },
  );
});

test('a target that has stopped to follow is always reported, with how long', async () => {
  await fc.assert(
    fc.asyncProperty(writes, fc.nat(30), shape, async (times, deletion, how) => {
      const { tally } = await settleOne(
        (ms) => ({ source: versionAt(times, deletion, ms), target: 'of long ago' }),
        how,
      );
      const { missing, extra, different } = tally;
      expect(missing + extra + different).toBe(1);
      expect(tally.differences[0].lastedMs).toBeGreaterThanOrEqual(SETTLE_MS);
      expect(tally.differences[0].lastedMs).toBeLessThan(2 * SETTLE_MS);
    }),
    { numRuns: 300 },
  );
});
