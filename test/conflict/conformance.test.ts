import { describe, expect, it } from 'vitest';
import { DynamoDbStampedTable } from '../../src/conflict/dynamodb-table.ts';
import { DynamoDbTombstones } from '../../src/conflict/dynamodb-tombstones.ts';
import type { StampPlace } from '../../src/conflict/condition-expression.ts';
import { ManagedMerge } from '../../src/conflict/managed-merge.ts';
import { markJson, type Mark } from '../../src/conflict/mark.ts';
import type { Condition, JsonRange, StampedTable } from '../../src/conflict/stamped-table.ts';
import type { Tombstones } from '../../src/conflict/tombstones.ts';
import { compareStamps, stampValues, type Stamp } from '../../src/model/stamp.ts';
import { clientOf } from '../dynamodb/client-of.ts';
import { useWorld } from '../world/use-world.ts';
import { MemoryTable } from './memory-table.ts';
import { MemoryTombstones } from './memory-tombstones.ts';

const world = await useWorld('dynamodb');
const client = clientOf(world.source);
const quiet = new AbortController().signal;
const KEPT_MS = 3_600_000;

const tables = {
  'in DynamoDB': async (place: StampPlace): Promise<StampedTable> =>
    new DynamoDbStampedTable(client, await world.source.createTable(), 'PK', place),
  'in memory': async (place: StampPlace): Promise<StampedTable> => new MemoryTable(place),
};

const versions: Omit<Stamp, 'origin'>[] = [
  { type: 'N', version: '-3' },
  { type: 'N', version: '9007199254740992' },
  { type: 'N', version: '9007199254740993' },
  { type: 'N', version: '10' },
  { type: 'N', version: '9.5' },
  { type: 'S', version: '10' },
  { type: 'S', version: '9' },
  { type: 'S', version: '\u{1f600}' },
  { type: 'S', version: '\ufffd' },
];
const stamps: Stamp[] = [
  ...versions.map((version) => ({ ...version, origin: 'us' })),
  { type: 'N', version: '10.0', origin: 'cn' },
  { type: 'S', version: '10', origin: 'cn' },
];

function range(value: object): JsonRange {
  const bytes = Buffer.from(`  ${JSON.stringify(value)} `);
  return { bytes, start: 2, end: bytes.length - 1 };
}
const keyOf = (pk: string): JsonRange => range({ PK: { S: pk } });
const markOf = (stamp: Stamp, more: Partial<Mark> = {}): Buffer =>
  markJson({ stamp, digest: undefined, deletes: false, isBack: false, ...more });

/** An item whose stamp lies where the table expects it. */
function itemOf(pk: string, place: StampPlace, stamp: Stamp | undefined, mark?: Buffer): JsonRange {
  if (stamp === undefined) return range({ PK: { S: pk } });
  const { v, o } = stampValues(stamp);
  if (place !== 'mark') return range({ PK: { S: pk }, [place.version]: v, [place.origin]: o });
  return range({ PK: { S: pk }, _dynaferry: JSON.parse((mark ?? markOf(stamp)).toString()) as object });
}

const places: [string, StampPlace][] = [
  ['attributes', { version: 'size', origin: 'by.whom' }],
  ['marks', 'mark'],
];

describe.each(Object.entries(tables))('a table %s', (_, make) => {
  describe.each(places)('with stamps in %s', (__, place) => {
    const allowed = place === 'mark' ? stamps.filter(({ type }) => type === 'N') : stamps;

    it('compares stamps as they are compared here', async () => {
      const table = await make(place);
      for (const there of allowed) {
        const item = itemOf('a', place, there);
        expect(await table.put(item, [{ is: 'absent' }], quiet)).toBe(true);
        for (const than of allowed) {
          const order = compareStamps(there, than);
          // A put of the very same tells whether the condition held, and changes nothing.
          expect(await table.put(item, [{ is: 'older', than }], quiet), JSON.stringify([there, than])).toBe(order < 0);
          expect(await table.put(item, [{ is: 'older or same', as: than }], quiet)).toBe(order <= 0);
        }
        expect(await table.delete(keyOf('a'), [{ is: 'older or same', as: there }], quiet)).toBe(true);
        expect(await table.read(keyOf('a'), quiet)).toBeUndefined();
      }
    });

    it('knows what is absent and what has no stamp', async () => {
      const table = await make(place);
      const stamp = allowed[1];
      const holds = async (condition: Condition): Promise<boolean> => table.delete(keyOf('none'), [condition], quiet);
      expect(await holds({ is: 'absent' })).toBe(true);
      expect(await holds({ is: 'unstamped' })).toBe(true);
      expect(await holds({ is: 'older', than: stamp })).toBe(false);
      expect(await holds({ is: 'older or same', as: stamp })).toBe(false);
      const item = itemOf('a', place, undefined);
      await table.put(item, [{ is: 'unstamped' }], quiet);
      expect(await table.put(item, [{ is: 'absent' }], quiet)).toBe(false);
      expect(await table.put(item, [{ is: 'older', than: stamp }], quiet)).toBe(false);
      expect(await table.put(itemOf('a', place, stamp), [{ is: 'absent' }, { is: 'unstamped' }], quiet)).toBe(true);
      expect(await table.put(item, [{ is: 'unstamped' }], quiet)).toBe(false);
    });
  });

  it('sets marks, and tells one from another', async () => {
    const table = await make('mark');
    const own: Stamp = { type: 'N', version: '5', origin: 'us' };
    const later: Stamp = { ...own, version: '6' };
    const key = keyOf('a');
    const content = async (): Promise<unknown> => {
      const item = await table.read(key, quiet);
      return item && (JSON.parse(item.toString()) as unknown);
    };
    expect(await table.mark(key, markOf(own), [{ is: 'unstamped' }], quiet)).toBe(false);
    await table.put(range({ PK: { S: 'a' }, x: { L: [{ N: '1' }] } }), [{ is: 'absent' }], quiet);
    expect(await table.mark(key, markOf(own), [{ is: 'unstamped' }], quiet)).toBe(true);
    const marked = { PK: { S: 'a' }, x: { L: [{ N: '1' }] }, _dynaferry: { M: { v: { N: '5' }, o: { S: 'us' } } } };
    expect(await content()).toEqual(marked);

    const isMarked = (mark: Buffer): Promise<boolean> =>
      table.mark(key, markOf(own), [{ is: 'marked', with: mark }], quiet);
    expect(await isMarked(markOf(own))).toBe(true);
    expect(await isMarked(markOf(later))).toBe(false);
    expect(await isMarked(markOf(own, { digest: 'AAAA' }))).toBe(false);

    const before = (stamp: Stamp): Promise<boolean> =>
      table.delete(keyOf('a'), [{ is: 'settled before', stamp }], quiet);
    expect(await before(own)).toBe(false);
    expect(await before({ ...later, origin: 'cn' })).toBe(false);
    for (const flag of [{ deletes: true }, { isBack: true }]) {
      await table.mark(key, markOf(own, flag), [{ is: 'older or same', as: own }], quiet);
      expect(await before(later)).toBe(false);
    }
    const either = [{ is: 'older or same', as: own }, { is: 'unstamped' }] as const;
    await table.mark(key, markOf(own, { digest: 'AAAA' }), either, quiet);
    expect(await before(later)).toBe(true);
    expect(await content()).toBeUndefined();
  });
});

describe.each([
  [
    'in DynamoDB',
    async (): Promise<Tombstones> => {
      const tombstones = new DynamoDbTombstones(client, world.source.newTableName(), KEPT_MS);
      await tombstones.prepare(quiet);
      // Again, as the other process of the site does.
      await tombstones.prepare(quiet);
      return tombstones;
    },
  ],
  ['in memory', async (): Promise<Tombstones> => new MemoryTombstones()],
])('tombstones %s', (_, make) => {
  it('keep the greatest stamp, whichever comes first', async () => {
    const tombstones = await make();
    for (const first of stamps)
      for (const second of stamps.slice(3, 8)) {
        const key = JSON.stringify([first, second]);
        expect(await tombstones.raise(key, first, { removes: false }, quiet)).toBe(true);
        const order = compareStamps(first, second);
        expect(await tombstones.raise(key, second, { removes: false }, quiet)).toBe(order <= 0);
        expect(await tombstones.find(key, quiet)).toEqual({
          stamp: order <= 0 ? second : first,
          removedMs: undefined,
        });
      }
  });

  it('remember that dynaferry removed the item, also when the application deletes it later', async () => {
    const tombstones = await make();
    const startMs = Date.now();
    const stamp: Stamp = { type: 'N', version: '1', origin: 'us' };
    const removedMs = async (): Promise<number | undefined> => (await tombstones.find('1:a', quiet))?.removedMs;
    await tombstones.touch('1:a', quiet);
    expect(await tombstones.find('1:a', quiet)).toBeUndefined();
    await tombstones.raise('1:a', stamp, { removes: false }, quiet);
    expect(await removedMs()).toBeUndefined();
    await tombstones.touch('1:a', quiet);
    expect(await removedMs()).toBeGreaterThanOrEqual(startMs);
    const touched = await removedMs();
    await tombstones.raise('1:a', { ...stamp, version: '2' }, { removes: false }, quiet);
    expect(await removedMs()).toBe(touched);
    await tombstones.raise('1:a', { ...stamp, version: '2' }, { removes: true }, quiet);
    expect(await removedMs()).toBeGreaterThanOrEqual(touched ?? Infinity);
  });
});

it('a tombstone that has expired is none, and any delete takes its place', async () => {
  const table = world.source.newTableName();
  const expired = new DynamoDbTombstones(client, table, -2000);
  await expired.prepare(quiet);
  const stamp: Stamp = { type: 'N', version: '9', origin: 'us' };
  await expired.raise('1:a', stamp, { removes: false }, quiet);
  expect(await expired.find('1:a', quiet)).toBeUndefined();
  const lasting = new DynamoDbTombstones(client, table, KEPT_MS);
  expect(await lasting.raise('1:a', { ...stamp, version: '1' }, { removes: false }, quiet)).toBe(true);
  expect(await lasting.find('1:a', quiet)).toMatchObject({ stamp: { version: '1' } });
});

describe('an item that is so large that it has no room for a mark', () => {
  it('is left without one when a write of it is settled, and does not hold up the capture', async () => {
    const table = await world.source.createTable();
    const stamped = new DynamoDbStampedTable(client, table, 'PK', 'mark');
    const merge = new ManagedMerge(stamped, new MemoryTombstones(), 'here');
    // PK (2) + its value (1) + x (1) and its value: 409,600 bytes.
    const item = { PK: { S: 'a' }, x: { S: 'x'.repeat(409_600 - 4) } };
    await client.call('PutItem', table, Buffer.from(JSON.stringify({ TableName: table, Item: item })));
    const stamp: Stamp = { type: 'N', version: '5', origin: 'here' };
    const write = { identity: '1:a', key: keyOf('a'), stamp, image: range(item), inserts: true, isOverOurs: false };
    await merge.settle({ kind: 'stamp', ...write, writtenMs: Date.now() }, quiet);
    expect(JSON.parse((await stamped.read(keyOf('a'), quiet))!.toString())).toEqual(item);
  });
});
