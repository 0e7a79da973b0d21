import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ItemPutter, type PutCondition } from '../../../src/dynamodb/put-items.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { Pacer } from '../../../src/engine/pacer.ts';
import { Semaphore } from '../../../src/engine/semaphore.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import { LowWaterMark } from '../../../src/stages/load/low-water-mark.ts';
import { ObjectLoader } from '../../../src/stages/load/object-loader.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { contextOf, key } from '../export/run-export.ts';
import { FakeTable } from './fake-table.ts';

const layout = ExportLayout.of('', '01-a');
let folder: string;
let table: FakeTable;
let bucket: MemoryBucket;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-load-'));
  table = new FakeTable();
  bucket = new MemoryBucket('staging', 'target');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Loaded {
  linesDone: number;
  finished: boolean;
  written: number;
  skipped: number;
  deadLettered: number;
}

/** Loads one object of these lines, or goes on with it. */
async function load(
  lines: readonly string[],
  options: { condition?: PutCondition; claims?: number; concurrency?: number } = {},
): Promise<Loaded | undefined> {
  const body = gzipSync(lines.map((text) => `${text}\n`).join(''));
  await bucket.put(layout.data('x.json.gz'), body);
  const ledger = Ledger.open(folder);
  const context = contextOf();
  try {
    const loader = new ObjectLoader(
      {
        bucket,
        layout,
        ledger,
        meter: new StageMeter(context, 'load'),
        putter: new ItemPutter(table, 't', key, { random: () => 0 }),
        key,
        condition: options.condition,
        pacer: new Pacer(Infinity),
        requests: new Semaphore(options.concurrency ?? 4),
        signal: context.signal,
      },
      {
        seq: 1,
        expected: { key: layout.data('x.json.gz'), md5Base64: createHash('md5').update(body).digest('base64') },
        items: options.claims ?? lines.length,
        sizeBytes: body.length,
      },
    );
    await loader.load();
    return ledger.loaded(1);
  } finally {
    ledger.close();
  }
}

function line(pk: string, more: object = {}): string {
  return JSON.stringify({ Item: { PK: { S: pk }, ...more } });
}
const lines = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => line(`k${i}`, { n: { N: String(i) } }));
const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);

/** The dead letters, parsed. */
function deadLetters(): { Item: object; code: string; reason: string }[] {
  const letters: { Item: object; code: string; reason: string }[] = [];
  for (const [name, { body }] of bucket.objects)
    if (name.includes('dead-letters/load-'))
      for (const text of gunzipSync(body).toString().split('\n').slice(0, -1)) letters.push(JSON.parse(text) as never);
  return letters;
}

describe('LowWaterMark', () => {
  it('stands at the end of the longest stretch that is done, and counts that stretch, in whatever order batches end', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.array(fc.record({ lines: fc.integer({ min: 1, max: 25 }), order: fc.nat() }), { maxLength: 40 }),
        (start, batches) => {
          const mark = new LowWaterMark(start, { written: start, skipped: 0, deadLettered: 0 });
          const ends = batches.map((batch) => mark.begin(batch.lines));
          const done = new Set<number>();
          for (const i of batches.map((_, index) => index).sort((a, b) => batches[a].order - batches[b].order)) {
            ends[i]({ written: batches[i].lines, skipped: 0, deadLettered: 0 });
            done.add(i);
            let expected = start;
            for (let j = 0; done.has(j); j++) expected += batches[j].lines;
            expect(mark.lines).toBe(expected);
            expect(mark.counts.written).toBe(expected);
          }
        },
      ),
    );
  });
});

describe('loading an object', () => {
  it('writes every item once, whatever DynamoDB leaves unprocessed, in any subset', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(90), fc.infiniteStream(fc.boolean()), async (count, choice) => {
        table = new FakeTable();
        const left = new Map<string, number>();
        table.leaves = (keys) =>
          // Reversed: the answer need not keep the order. No key is left for ever.
          keys.toReversed().filter((one) => {
            const times = left.get(one) ?? 0;
            left.set(one, times + 1);
            return times < 4 && choice.next().value;
          });
        rmSync(folder, { recursive: true, force: true });
        const loaded = await load(lines(count));
        expect(loaded).toEqual({ linesDone: count, finished: true, written: count, skipped: 0, deadLettered: 0 });
        expect(table.writes.sort()).toEqual(keysOf(count).sort());
      }),
      { numRuns: 20 },
    );
  });

  it('sets aside the items that DynamoDB refuses, each with its reason, and writes all others', async () => {
    table.isValid = (item) => item['bad'] === undefined;
    const given = lines(60).map((text, i) => (i % 20 === 7 ? line(`k${i}`, { bad: { S: 'x' } }) : text));
    given.push('{"Item":{"other":{"S":"no key"}}}');
    expect(await load(given)).toEqual({ linesDone: 61, finished: true, written: 57, skipped: 0, deadLettered: 4 });
    expect(table.items.size).toBe(57);
    expect(deadLetters().map(({ Item }) => Item)).toEqual(
      expect.arrayContaining([{ PK: { S: 'k7' }, bad: { S: 'x' } }, { other: { S: 'no key' } }]),
    );
    expect(deadLetters()).toHaveLength(4);
    for (const { code, reason } of deadLetters()) {
      expect(code).toBe('ValidationException');
      expect(reason).toContain('not valid');
    }
  });

  it('sets nothing aside for a fault that is not the item’s', async () => {
    table.before = () => {
      throw new DynaferryError('REQUEST_REFUSED', 'a proxy answers', { serviceCode: 'UnreadableAnswer', status: 403 });
    };
    await expect(load(lines(30))).rejects.toMatchObject({ serviceCode: 'UnreadableAnswer' });
    expect(deadLetters()).toEqual([]);
    expect(table.calls.every(({ operation }) => operation === 'BatchWriteItem')).toBe(true);
  });

  it('stops where every item is refused', async () => {
    table.isValid = () => false;
    await expect(load(lines(3000))).rejects.toMatchObject({ code: 'DEAD_LETTERS' });
    expect(deadLetters().length).toBeLessThan(3000);
  });

  it('keeps the order of items with the same key, however batches overtake one another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 120 }), fc.infiniteStream(fc.nat(3)), async (keys, waits) => {
        table = new FakeTable();
        table.before = async () => {
          for (let i = waits.next().value; i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
        };
        rmSync(folder, { recursive: true, force: true });
        await load(keys.map((one, i) => line(`k${one}`, { n: { N: String(i) } })));
        const last = new Map(keys.map((one, i) => [`k${one}`, String(i)]));
        expect(new Map([...table.items].map(([one, item]) => [one, item['n']['N']]))).toEqual(last);
        expect(table.calls.every(({ operation }) => operation === 'BatchWriteItem')).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('goes on behind what is accounted for, and loses nothing, wherever it was cut off', async () => {
    for (let cut = 1; cut <= 8; cut++) {
      table = new FakeTable();
      rmSync(folder, { recursive: true, force: true });
      let calls = 0;
      // The effect, or not, and no answer: from here on nothing works.
      table[cut % 2 === 0 ? 'before' : 'after'] = () => {
        if (++calls >= cut) throw new Error('killed');
      };
      await expect(load(lines(200), { concurrency: 3 })).rejects.toThrow('killed');
      const ledger = Ledger.open(folder);
      const done = ledger.loaded(1)?.linesDone ?? 0;
      ledger.close();
      for (const one of keysOf(done)) expect(table.items.has(one)).toBe(true);
      table.before = table.after = () => undefined;
      const before = table.writes.length;
      expect(await load(lines(200))).toEqual({
        linesDone: 200,
        finished: true,
        written: 200,
        skipped: 0,
        deadLettered: 0,
      });
      expect([...table.items.keys()].sort()).toEqual(keysOf(200).sort());
      expect(table.writes.length - before).toBe(200 - done);
    }
  });

  it('under a condition leaves what is there, or is newer, and says how many', async () => {
    table.items.set('k1', { PK: { S: 'k1' }, n: { N: '1' } });
    table.items.set('k2', { PK: { S: 'k2' }, n: { N: '99' } });
    table.items.set('k3', { PK: { S: 'k3' } });
    table.items.set('k4', { PK: { S: 'k4' }, n: { N: '3' } });
    const given = [...lines(5), line('k5')];
    expect(await load(given, { condition: { kind: 'if-newer', by: 'n' } })).toMatchObject({ written: 4, skipped: 2 });
    expect(['k1', 'k2', 'k3', 'k4'].map((one) => table.items.get(one)?.['n']['N'])).toEqual(['1', '99', '3', '4']);
    rmSync(folder, { recursive: true });
    expect(await load(lines(8), { condition: { kind: 'if-absent' } })).toMatchObject({ written: 2, skipped: 6 });
  });

  it.each([
    ['holds another number of items than its manifest says', lines(10), 11],
    ['holds a line that is cut', [...lines(3), '{"Item":{"PK":{"S":"x"}'], 4],
    ['holds a line that is something else', ['{"NewImage":{}}'], 1],
  ])('that %s is DATA_DAMAGED and not finished', async (_, given, claims) => {
    await expect(load(given, { claims })).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    const ledger = Ledger.open(folder);
    expect(ledger.loaded(1)?.finished).toBe(false);
    ledger.close();
  });
});
