import { describe, expect, it } from 'vitest';
import type { ShardPosition } from '../../../src/staging/change-log.ts';
import { ShardTree } from '../../../src/stages/capture/shard-tree.ts';

const shard = (ShardId: string, ParentShardId?: string) => ({ ShardId, ...(ParentShardId && { ParentShardId }) });
const ids = (positions: readonly ShardPosition[]): string[] => positions.map(({ shardId }) => shardId).sort();
const newTree = (): ShardTree => new ShardTree('arn', new Map(), 1000);

describe('a tree of shards', () => {
  it('gives shards behind their parents, whatever order they are listed in, and each once', () => {
    const tree = newTree();
    tree.update([shard('c', 'b'), shard('b', 'a'), shard('a', 'gone'), shard('x')]);
    expect(ids(tree.takeReady())).toEqual(['a', 'x']);
    expect(tree.takeReady()).toEqual([]);
    tree.advance('a', { done: true });
    expect(ids(tree.takeReady())).toEqual(['b']);
    tree.advance('b', { done: true });
    expect(ids(tree.takeReady())).toEqual(['c']);
  });

  it('is read through to the time of the shard that is furthest behind', () => {
    const tree = newTree();
    tree.update([shard('a'), shard('b', 'a'), shard('x')]);
    tree.takeReady();
    tree.advance('a', { throughMs: 3000 });
    expect(tree.throughMs).toBe(1000);
    tree.advance('x', { throughMs: 5000 });
    expect(tree.throughMs).toBe(3000);
    tree.advance('a', { done: true });
    expect(tree.takeReady()).toMatchObject([{ shardId: 'b', throughMs: 3000 }]);
    tree.advance('b', { throughMs: 9000 });
    expect(tree.throughMs).toBe(5000);
  });

  it('is not read further than a shard that has ended and whose children are not listed yet', () => {
    const tree = newTree();
    tree.update([shard('a'), shard('x')]);
    tree.takeReady();
    tree.advance('a', { throughMs: 2000, done: true });
    tree.advance('x', { throughMs: 9000 });
    expect(tree.awaitsChildren).toBe(true);
    expect(tree.throughMs).toBe(2000);
    tree.update([shard('a'), shard('b', 'a'), shard('x')]);
    expect(tree.awaitsChildren).toBe(false);
    expect(tree.throughMs).toBe(2000);
    tree.takeReady();
    tree.advance('b', { throughMs: 8000 });
    expect(tree.throughMs).toBe(8000);
  });

  it('forgets shards that are read and not listed, when nobody waits for them', () => {
    const tree = newTree();
    tree.update([shard('a'), shard('b', 'a')]);
    tree.takeReady();
    tree.advance('a', { done: true });
    expect(tree.update([shard('b', 'a')])).toEqual([]);
    tree.takeReady();
    tree.advance('b', { done: true });
    expect(tree.update([shard('c', 'b'), shard('b', 'a')])).toEqual(['a']);
    expect(tree.isRead).toBe(false);
  });

  it('remembers shards that are read for two days, for a listing may lack one and have it again', () => {
    const nowMs = Date.now();
    const tree = new ShardTree('arn', new Map(), nowMs - 40 * 3_600_000);
    tree.update([shard('a'), shard('b', 'a')]);
    tree.takeReady();
    tree.advance('a', { done: true });
    tree.takeReady();
    tree.advance('b', { done: true });
    expect(tree.update([shard('c', 'b')])).toEqual([]);
    tree.update([shard('a'), shard('b', 'a'), shard('c', 'b')]);
    expect(ids(tree.takeReady())).toEqual(['c']);
    // A commit that is made only now says where they stand.
    expect(tree.position('a').done).toBe(true);
  });

  it('does not know what was in a shard that came and went between two looks', () => {
    const tree = newTree();
    tree.update([shard('a')]);
    expect(() => tree.update([shard('a'), shard('c', 'b')])).toThrow(/came and went/);
  });

  it('goes on from the positions of an earlier run', () => {
    const positions: ShardPosition[] = [
      { shardId: 'a', parent: null, after: '5', done: true, throughMs: 4000 },
      { shardId: 'b', parent: 'a', after: '7', done: false, throughMs: 6000 },
    ];
    const tree = new ShardTree('arn', new Map(positions.map((one) => [one.shardId, one])), 1000);
    tree.update([shard('b', 'a')]);
    expect(tree.takeReady()).toEqual([positions[1]]);
    expect(tree.throughMs).toBe(6000);
  });
});
