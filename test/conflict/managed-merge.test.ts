import { beforeEach, describe, expect, it } from 'vitest';
import { ManagedMerge } from '../../src/conflict/managed-merge.ts';
import type { Settlement, StampedChange } from '../../src/conflict/merge.ts';
import type { JsonRange } from '../../src/conflict/stamped-table.ts';
import type { Stamp } from '../../src/model/stamp.ts';
import type { WireItem } from '../world/wire-table.ts';
import { MemoryTable } from './memory-table.ts';
import { MemoryTombstones } from './memory-tombstones.ts';

const quiet = new AbortController().signal;
const ID = '1:a';
const here = (version: number): Stamp => ({ type: 'N', version: String(version), origin: 'here' });
const there = (version: number): Stamp => ({ type: 'N', version: String(version), origin: 'there' });
const range = (item: WireItem): JsonRange => {
  const bytes = Buffer.from(JSON.stringify(item));
  return { bytes, start: 0, end: bytes.length };
};
const item = (x: string): WireItem => ({ PK: { S: 'a' }, x: { S: x } });
const key = range({ PK: { S: 'a' } });

let table: MemoryTable;
let tombstones: MemoryTombstones;
let merge: ManagedMerge;
beforeEach(() => {
  table = new MemoryTable('mark');
  tombstones = new MemoryTombstones();
  merge = new ManagedMerge(table, tombstones, 'here');
});

const put = (x: string, stamp: Stamp): StampedChange => ({ identity: ID, key, stamp, image: range(item(x)) });
const remove = (stamp: Stamp): StampedChange => ({ identity: ID, key, stamp, image: undefined });
const wrote = (x: string, stamp: Stamp, more: Partial<Settlement & { kind: 'stamp' }> = {}): Settlement => ({
  kind: 'stamp',
  identity: ID,
  key,
  stamp,
  image: range(item(x)),
  isOverOurs: false,
  inserts: false,
  writtenMs: Date.now(),
  ...more,
});
/** What the application does, which leaves our mark as it is. */
const update = (x: string): void => table.write('a', { ...table.items.get('a'), ...item(x) });
const x = (): string | undefined => table.items.get('a')?.['x']?.S;
const version = (): string | undefined => table.items.get('a')?.['_dynaferry']?.M?.['v']?.N;

describe('a write that has no stamp yet', () => {
  it('is stamped where it stands, once', async () => {
    update('mine');
    await merge.settle(wrote('mine', here(5), { inserts: true }), quiet);
    expect([x(), version()]).toEqual(['mine', '5']);
    const before = table.records.length;
    await merge.settle(wrote('mine', here(5), { inserts: true }), quiet);
    expect(table.records).toHaveLength(before);
  });

  it('comes back where an older change has overtaken it, and not where a newer one has', async () => {
    update('mine');
    await merge.merge(put('older', there(4)), quiet);
    expect(x()).toBe('older');
    await merge.settle(wrote('mine', here(5)), quiet);
    expect([x(), version()]).toEqual(['mine', '5']);
    update('mine again');
    await merge.merge(put('newer', there(9)), quiet);
    await merge.settle(wrote('mine again', here(8)), quiet);
    expect([x(), version()]).toEqual(['newer', '9']);
  });

  it('is stamped also where somebody has put something else into our attribute', async () => {
    for (const _dynaferry of [
      { S: 'x' },
      { M: { v: { S: '1' }, o: { S: 'there' } } },
      { M: { v: { N: '9e99' }, o: { S: 'z' } } },
    ]) {
      table.write('a', { ...item('mine'), _dynaferry });
      await merge.settle(wrote('mine', here(5)), quiet);
      expect([x(), version()]).toEqual(['mine', '5']);
    }
  });

  it('is left to its own settling where the application has written once more', async () => {
    await merge.merge(put('theirs', there(4)), quiet);
    update('mine');
    update('mine, later');
    await merge.settle(wrote('mine', here(5), { isOverOurs: true }), quiet);
    expect(x()).toBe('mine, later');
    await merge.settle(wrote('mine, later', here(6), { isOverOurs: true }), quiet);
    expect([x(), version()]).toEqual(['mine, later', '6']);
  });

  it('comes back where we have deleted it, also by a delete that is older than one of the application', async () => {
    update('mine');
    await merge.merge(remove(there(4)), quiet);
    expect(x()).toBeUndefined();
    await merge.settle(wrote('mine', here(5)), quiet);
    expect([x(), version()]).toEqual(['mine', '5']);

    table.items.clear();
    tombstones.kept.clear();
    await tombstones.raise(ID, here(7), { removes: false });
    table.write('a', { ...item('theirs'), _dynaferry: { M: { v: { N: '3' }, o: { S: 'there' } } } });
    update('mine');
    await merge.merge(remove(there(4)), quiet);
    expect(x()).toBeUndefined();
    await merge.settle(wrote('mine', here(8)), quiet);
    expect([x(), version()]).toEqual(['mine', '8']);
  });

  it('stays away where the application has deleted it, or the other site with a greater stamp', async () => {
    await merge.settle(wrote('mine', here(5)), quiet);
    expect(x()).toBeUndefined();
    update('mine');
    await merge.merge(remove(there(6)), quiet);
    await merge.settle(wrote('mine', here(5)), quiet);
    expect(x()).toBeUndefined();
    update('mine');
    await merge.settle(wrote('mine', here(5), { inserts: true }), quiet);
    expect(x()).toBeUndefined();
    // A removal of long ago is not what removed it.
    tombstones.now = () => Date.now() - 3_600_000;
    await tombstones.touch(ID);
    await merge.settle(wrote('mine', here(9)), quiet);
    expect(x()).toBeUndefined();
  });
});

describe('a delete by the application', () => {
  const deleted = (stamp: Stamp): Settlement => ({ kind: 'delete', identity: ID, key, stamp });

  it('removes what has come late, and keeps it away', async () => {
    await merge.merge(put('late', there(4)), quiet);
    await merge.settle(deleted(here(5)), quiet);
    expect(x()).toBeUndefined();
    expect(await merge.merge(put('later still', there(4)), quiet)).toBe(false);
    expect(x()).toBeUndefined();
    expect(table.records.filter((record) => !record.includes('NewImage') && !record.includes('"d"'))).toEqual([]);
  });

  it('leaves what is newer, and what the application has written since', async () => {
    await merge.merge(put('newer', there(6)), quiet);
    await merge.settle(deleted(here(5)), quiet);
    expect(x()).toBe('newer');
    await merge.merge(put('theirs', there(7)), quiet);
    update('mine');
    await merge.settle(deleted(here(8)), quiet);
    expect(x()).toBe('mine');
  });

  it('ends a removal that a crash has cut off', async () => {
    await merge.merge(put('late', there(4)), quiet);
    table.delete = () => Promise.reject(new Error('killed'));
    await expect(merge.settle(deleted(here(5)), quiet)).rejects.toThrow('killed');
    expect(x()).toBe('late');
    table.delete = MemoryTable.prototype.delete.bind(table);
    await merge.settle(deleted(here(5)), quiet);
    expect(x()).toBeUndefined();
  });
});
